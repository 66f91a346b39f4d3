-- +goose Up
-- By when the deliveries of a batch of retries were due, by the clock of who handed it out.
ALTER TABLE batch ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE batch ADD CONSTRAINT batch_kind CHECK (kind IN ('range', 'retries'));
ALTER TABLE batch ADD CONSTRAINT batch_state CHECK (state IN ('open', 'held', 'done') AND (state = 'held') = (worker IS NOT NULL));

-- +goose Down
ALTER TABLE batch DROP CONSTRAINT batch_state;
ALTER TABLE batch DROP CONSTRAINT batch_kind;
ALTER TABLE batch DROP COLUMN due_at;
