-- name: InsertInvitation :exec
INSERT INTO invitations (tenant_id, id, email, role, team_id, inviter_kind, inviter_id, inviter_name, created_at, asked_at, expires_at)
VALUES (@tenant_id, @id, @email, @role, @team_id, @inviter_kind, @inviter_id, @inviter_name, @now, @now, @expires_at);

-- name: ReadInvitation :one
SELECT i.id, i.email, i.role, i.team_id, coalesce(t.name, '')::text AS team_name, i.inviter_name, i.version, i.created_at, i.expires_at, i.accepted_at, i.revoked_at
FROM invitations i LEFT JOIN teams t ON t.tenant_id = i.tenant_id AND t.id = i.team_id
WHERE i.tenant_id = @tenant_id AND i.id = @id;

-- name: LockInvitation :one
SELECT asked_at FROM invitations WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: ListOpenInvitations :many
-- Those that nobody used or took back, expired ones too.
SELECT i.id, i.email, i.role, i.team_id, coalesce(t.name, '')::text AS team_name, i.inviter_name, i.version, i.created_at, i.expires_at, i.accepted_at, i.revoked_at
FROM invitations i LEFT JOIN teams t ON t.tenant_id = i.tenant_id AND t.id = i.team_id
WHERE i.tenant_id = @tenant_id AND i.accepted_at IS NULL AND i.revoked_at IS NULL
ORDER BY i.id DESC
LIMIT 500;

-- name: CountInvitations :one
-- How many mails a business had written since then.
SELECT count(*) FROM invitations WHERE tenant_id = @tenant_id AND asked_at > @since;

-- name: RevokeInvitation :execrows
UPDATE invitations SET revoked_at = @now, version = version + 1
WHERE tenant_id = @tenant_id AND id = @id AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: RevokeExpiredInvitation :exec
-- An expired one makes room for a new one to the same e-mail.
UPDATE invitations SET revoked_at = @now, version = version + 1
WHERE tenant_id = @tenant_id AND email = @email AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= @now;

-- name: AskInvitationAgain :exec
-- The link that was sent before stops to work.
UPDATE invitations SET token_hash = NULL, asked_at = @now, expires_at = @expires_at, version = version + 1
WHERE tenant_id = @tenant_id AND id = @id;

-- name: SetInvitationToken :execrows
-- A job that runs again finds the token set.
UPDATE invitations SET token_hash = @token_hash
WHERE tenant_id = @tenant_id AND id = @id AND token_hash IS NULL AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now::timestamptz;

-- name: InvitationTenant :one
-- @sqlc-vet-disable tenant-scoped
-- whoever holds the link has no tenant yet. The function answers it and no more
SELECT coalesce(invitation_tenant(@token_hash), '00000000-0000-0000-0000-000000000000')::uuid AS tenant_id;

-- name: GetInvitationByToken :one
SELECT i.id, i.email, i.role, i.team_id, i.inviter_kind, i.inviter_id, i.inviter_name, i.expires_at, i.accepted_at, i.revoked_at,
       t.name AS tenant_name, t.status AS tenant_status, u.id AS user_id, u.disabled_at,
       EXISTS (SELECT FROM memberships m JOIN tenants h ON h.id = m.tenant_id WHERE m.user_id = u.id AND h.status = 'active') AS at_home
FROM invitations i
JOIN tenants t ON t.id = i.tenant_id
LEFT JOIN users u ON u.email = i.email
WHERE i.tenant_id = @tenant_id AND i.token_hash = @token_hash;

-- name: AcceptInvitation :execrows
-- Of two at once one finds the row.
UPDATE invitations SET accepted_at = @now, version = version + 1
WHERE tenant_id = @tenant_id AND id = @id AND token_hash = @token_hash AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now;

-- name: IsMemberByEmail :one
SELECT EXISTS (SELECT FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = @tenant_id AND u.email = @email);
