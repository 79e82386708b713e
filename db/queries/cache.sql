-- name: GetCacheState :one
-- @sqlc-vet-disable tenant-scoped
-- one row for the whole installation
SELECT epoch, extract(epoch FROM clock_timestamp() - epoch_at)::double precision AS age_seconds, disabled, servers FROM cache_state;

-- name: DisableCache :exec
-- @sqlc-vet-disable tenant-scoped
-- one row for the whole installation
UPDATE cache_state SET disabled = true WHERE NOT disabled;

-- name: SetCacheEpoch :exec
-- @sqlc-vet-disable tenant-scoped
-- one row for the whole installation
UPDATE cache_state SET epoch = @epoch, epoch_at = clock_timestamp();

-- name: EnableCache :exec
-- @sqlc-vet-disable tenant-scoped
-- one row for the whole installation
UPDATE cache_state SET epoch = @epoch, epoch_at = clock_timestamp(), disabled = false WHERE disabled;

-- name: AdoptCacheServer :exec
-- @sqlc-vet-disable tenant-scoped
-- One row for the whole installation. The newest 64 servers are remembered.
UPDATE cache_state SET epoch = @epoch, epoch_at = clock_timestamp(),
    servers = (servers || @server::text)[greatest(cardinality(servers) - 62, 1):]
WHERE NOT @server::text = ANY (servers);

-- name: KeepCacheDisabled :exec
-- @sqlc-vet-disable tenant-scoped
-- A lock. Held by writers that could not reach the cache, until they are committed.
SELECT pg_advisory_xact_lock_shared(hashtext('payaid.cache'));

-- name: TryEnableCache :one
-- @sqlc-vet-disable tenant-scoped
-- A lock. False while a writer holds KeepCacheDisabled.
SELECT pg_try_advisory_xact_lock(hashtext('payaid.cache'));

-- name: ListCacheOutbox :many
-- @sqlc-vet-disable tenant-scoped
-- a global table: the relay serves every tenant
SELECT * FROM cache_outbox ORDER BY id LIMIT @max_rows;
