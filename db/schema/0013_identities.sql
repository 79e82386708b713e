-- +goose Up
-- Who somebody is at an OpenID Provider. issuer and subject name a person there for good; email is
-- what it was when the two were linked. One account has one identity at a provider: an address that
-- the provider gave to somebody else later must not open the account of whoever had it before.
CREATE TABLE user_identities (
    issuer     text        NOT NULL,
    subject    text        NOT NULL,
    user_id    uuid        NOT NULL,
    email      text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT user_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT user_identities_user_id_issuer_key UNIQUE (user_id, issuer),
    CONSTRAINT user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
