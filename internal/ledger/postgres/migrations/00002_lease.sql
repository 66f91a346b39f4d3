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

-- Fails if another process has taken the lease of the passes since.
-- +goose StatementBegin
CREATE FUNCTION check_fence(held BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM lease WHERE role = 'pass' AND fence = held) THEN
        RAISE EXCEPTION 'another process took over' USING ERRCODE = 'PB001';
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION check_fence;
DROP TABLE lease;
