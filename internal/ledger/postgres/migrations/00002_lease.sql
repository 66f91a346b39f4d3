-- +goose Up
-- Who does what only one process may do at a time. Times are by the database's clock.
CREATE TABLE lease (
    role          TEXT COLLATE "C" PRIMARY KEY, -- 'pass'
    fence         BIGINT NOT NULL,              -- raised by each who takes it: what an earlier holder writes is refused
    holder        TEXT COLLATE "C" NOT NULL,    -- for people to read; '' if nobody has it
    expires_at    BIGINT NOT NULL,              -- unless it is renewed before
    backend       BIGINT NOT NULL,              -- the connection that renewed it last: its process id at the server,
    backend_start BIGINT NOT NULL               -- and when it began
);

-- +goose Down
DROP TABLE lease;
