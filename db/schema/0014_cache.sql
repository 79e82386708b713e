-- +goose Up
-- What all replicas agree on about the cache in Redis. A replica serves cached values only while it
-- has read this row a moment ago (its lease). A new epoch voids every value at once. Disabled means
-- that a writer could not reach Redis, so that nobody may serve what it could not mark. Servers are
-- the Redis servers seen in use: an unknown one may have come back with old content.
CREATE TABLE cache_state (
    single   boolean     NOT NULL DEFAULT true,
    epoch    uuid        NOT NULL,
    epoch_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled boolean     NOT NULL DEFAULT false,
    servers  text[]      NOT NULL DEFAULT '{}',
    CONSTRAINT cache_state_pkey PRIMARY KEY (single),
    CONSTRAINT cache_state_single_check CHECK (single)
);
INSERT INTO cache_state (epoch) VALUES (gen_random_uuid());
REVOKE INSERT, DELETE ON cache_state FROM payaid_app;
