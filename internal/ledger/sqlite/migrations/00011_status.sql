-- +goose Up
-- The last pass: what it was, and what it found.
CREATE TABLE last_pass (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    began_at BIGINT,
    ended_at BIGINT,
    command  TEXT NOT NULL, -- 'run' or 'serve'
    found    TEXT NOT NULL  -- JSON
);

-- The parts of the program that failed when they last worked, until they succeed.
CREATE TABLE fault (
    part     TEXT PRIMARY KEY,
    since_at BIGINT,
    message  TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX delivery_uncertain ON delivery (edition) WHERE progress = 'uncertain';

-- +goose Down
DROP INDEX delivery_uncertain;
DROP TABLE fault;
DROP TABLE last_pass;
