-- +goose Up
-- Why nothing is sent from this ledger until it is adopted; '' if nothing is wrong.
ALTER TABLE clone_guard ADD COLUMN stopped TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clone_guard DROP COLUMN stopped;
