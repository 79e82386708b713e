-- +goose Up
-- The mail that leaves the installation, and the links by which people set a new password.

-- One row for each mail, whoever caused it: a mail goes to a person, who may belong to several
-- tenants or to none yet. sent_at is set once it left, and never again; without an SMTP server
-- mails stay here, where a platform administrator reads them. Once it left by SMTP the body is
-- emptied, so that no link in it can be read here.
CREATE TABLE mailbox_messages (
    id         uuid        NOT NULL,
    recipient  text        NOT NULL,
    subject    text        NOT NULL,
    text       text        NOT NULL,
    html       text        NOT NULL,
    headers    jsonb       NOT NULL DEFAULT '{}',
    state      text        NOT NULL DEFAULT 'waiting',
    problem    text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    CONSTRAINT mailbox_messages_pkey PRIMARY KEY (id),
    CONSTRAINT mailbox_messages_state_check CHECK (state IN ('waiting', 'kept', 'sent', 'failed'))
);
CREATE INDEX mailbox_messages_created_at_idx ON mailbox_messages (created_at, id);

-- A link is 32 random bytes, of which only the SHA-256 is kept. It works once, for an hour, and
-- only while no newer one was asked for.
CREATE TABLE password_resets (
    id            uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    token_hash    bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    superseded_at timestamptz,
    CONSTRAINT password_resets_pkey PRIMARY KEY (id),
    CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash),
    CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);
