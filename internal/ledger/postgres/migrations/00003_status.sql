-- +goose Up
-- The last pass: what it was, and what it found.
CREATE TABLE last_pass (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    began_at BIGINT,
    ended_at BIGINT,
    command  TEXT COLLATE "C" NOT NULL, -- 'run' or 'serve'
    found    TEXT COLLATE "C" NOT NULL  -- JSON
);

-- The parts of the program that failed when they last worked, until they succeed.
CREATE TABLE fault (
    part     TEXT COLLATE "C" PRIMARY KEY,
    since_at BIGINT,
    message  TEXT COLLATE "C" NOT NULL
);

CREATE INDEX delivery_uncertain ON delivery (edition) WHERE progress = 'uncertain';

-- +goose Down
DROP INDEX delivery_uncertain;
DROP TABLE fault;
DROP TABLE last_pass;
