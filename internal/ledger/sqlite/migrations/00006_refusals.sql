-- +goose Up
-- The owner takes the refusals of this edition at their word.
ALTER TABLE edition ADD COLUMN accepted BOOLEAN NOT NULL DEFAULT FALSE;
-- The days on which it was stopped, separated by spaces; those after many answers have a +.
ALTER TABLE edition ADD COLUMN stopped_on TEXT NOT NULL DEFAULT '';

-- 0: a report; 1: the delivery itself was refused, for a mailbox that is full or the like;
-- 2: the same, in words that prove nothing.
ALTER TABLE bounce ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
-- From before the subscriber was restored.
ALTER TABLE bounce ADD COLUMN forgiven BOOLEAN NOT NULL DEFAULT FALSE;

-- What restored subscribers had been marked as.
CREATE TABLE restoration (
    subscriber  BIGINT NOT NULL,
    restored_at BIGINT NOT NULL,
    status      TEXT NOT NULL,
    marked_at   BIGINT,
    edition     BIGINT NOT NULL, -- 0: unknown
    words       TEXT NOT NULL,   -- the server's
    PRIMARY KEY (subscriber, restored_at)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE restoration;
ALTER TABLE bounce DROP COLUMN forgiven;
ALTER TABLE bounce DROP COLUMN refused;
ALTER TABLE edition DROP COLUMN stopped_on;
ALTER TABLE edition DROP COLUMN accepted;
