-- +goose Up
-- A mail that was waiting when a backup was made may have been sent since. A restore brings it back
-- as held: nothing sends it until a person releases it.
ALTER TABLE mailbox_messages
    DROP CONSTRAINT mailbox_messages_state_check,
    ADD CONSTRAINT mailbox_messages_state_check CHECK (state IN ('waiting', 'held', 'kept', 'sent', 'failed'));
