-- The mail of the whole installation: a mail goes to a person, not to a tenant.

-- name: InsertMailboxMessage :exec
-- @sqlc-vet-disable tenant-scoped
-- a mail goes to a person, who may belong to no tenant yet
INSERT INTO mailbox_messages (id, recipient, subject, text, html, headers, created_at)
VALUES (@id, @recipient, @subject, @text, @html, @headers, @now);

-- name: GetMailboxMessage :one
-- @sqlc-vet-disable tenant-scoped
-- a job or a platform administrator asks
SELECT * FROM mailbox_messages WHERE id = @id;

-- name: SetMailboxMessageSent :execrows
-- @sqlc-vet-disable tenant-scoped
-- a job of the installation; the body goes with the mail
UPDATE mailbox_messages SET state = 'sent', sent_at = @now, problem = '', text = '', html = ''
WHERE id = @id AND sent_at IS NULL;

-- name: SetMailboxMessageKept :execrows
-- @sqlc-vet-disable tenant-scoped
-- a job of the installation; without an SMTP server the mail stays to be read
UPDATE mailbox_messages SET state = 'kept', sent_at = @now, problem = '' WHERE id = @id AND sent_at IS NULL;

-- name: SetMailboxMessageProblem :exec
-- @sqlc-vet-disable tenant-scoped
-- a job of the installation
UPDATE mailbox_messages SET state = @state, problem = @problem WHERE id = @id AND sent_at IS NULL;

-- name: PurgeMailboxMessages :execrows
-- @sqlc-vet-disable tenant-scoped
-- old mails go in one sweep, whoever caused them
DELETE FROM mailbox_messages WHERE created_at < @created_before;

-- name: ReviveMailboxMessage :execrows
-- @sqlc-vet-disable tenant-scoped
-- a platform administrator has a mail sent that every try was refused for, or that a restore brought back
UPDATE mailbox_messages SET state = 'waiting', problem = '' WHERE id = @id AND state IN ('failed', 'held') AND sent_at IS NULL;

-- name: DiscardMailboxMessage :execrows
-- @sqlc-vet-disable tenant-scoped
-- a platform administrator decides that a mail that a restore brought back is not sent
DELETE FROM mailbox_messages WHERE id = @id AND state = 'held';
