-- name: HoldFiles :exec
-- @sqlc-vet-disable tenant-scoped
-- reads no row
--
-- Before a file is put under a name that it may have had before: until the transaction ends no file
-- is collected, so that none goes while it is being referred to again.
SELECT pg_advisory_xact_lock_shared(hashtext('payaid.files'));
