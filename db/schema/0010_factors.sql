-- +goose Up
-- What people prove who they are with besides their password. A person may belong to several tenants,
-- and so these are the person's. A tenant only says whether it wants one.

-- The secret is sealed with a key that is not in the database. last_step is the 30 seconds, counted from
-- 1970, of the last code that was taken: none of that step or an older one is taken again.
CREATE TABLE user_totp (
    user_id    uuid        NOT NULL,
    secret     bytea       NOT NULL,
    last_step  bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT user_totp_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);

-- A code is kept as a hash under a key that is not in the database.
CREATE TABLE recovery_codes (
    user_id    uuid        NOT NULL,
    code_hash  bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);

-- credential is the whole credential record of WebAuthn: public key, flags, signature counter.
CREATE TABLE passkeys (
    id            uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    name          text        NOT NULL,
    credential_id bytea       NOT NULL,
    credential    jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT passkeys_name_check CHECK (length(name) BETWEEN 1 AND 100)
);
CREATE INDEX passkeys_user_id_idx ON passkeys (user_id);

ALTER TABLE tenants ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false;
