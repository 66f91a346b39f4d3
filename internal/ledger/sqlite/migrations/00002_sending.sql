-- +goose Up
-- How many attempts ended in each second, for the rate that holds across passes.
CREATE TABLE pace (
    at    INTEGER PRIMARY KEY,
    count BIGINT NOT NULL
);

-- What came back, once for each edition and subscriber.
CREATE TABLE bounce (
    subscriber BIGINT NOT NULL,
    edition    BIGINT NOT NULL,
    hard       BOOLEAN NOT NULL,
    at         BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (subscriber, edition)
) WITHOUT ROWID;

-- Asked for by a person: it is sent although the cursor has left it behind.
ALTER TABLE delivery ADD COLUMN again BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE delivery DROP COLUMN again;
DROP TABLE bounce;
DROP TABLE pace;
