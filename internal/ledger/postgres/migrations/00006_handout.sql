-- +goose Up
-- What servers answered about an edition, until it is decided what its refusals mean.
CREATE TABLE edition_replies (
    edition  BIGINT PRIMARY KEY,
    state    TEXT COLLATE "C" NOT NULL,     -- JSON
    since_at BIGINT NOT NULL,               -- when the first of them may have come
    stopped  BOOLEAN NOT NULL DEFAULT FALSE -- too many are refusals: nobody hands the edition out
);
-- The recipients whom a refusal may mark.
CREATE TABLE edition_refusal (
    edition    BIGINT NOT NULL REFERENCES edition_replies (edition) ON DELETE CASCADE,
    subscriber BIGINT NOT NULL,
    reply      BIGINT NOT NULL, -- which of the answers it was
    unclear    BOOLEAN NOT NULL,
    passing    BOOLEAN NOT NULL,
    PRIMARY KEY (edition, subscriber)
);

-- Which worker is sending a notice. The transactions of a worker say who it is.
CREATE TABLE notice_sender (
    notice BIGINT PRIMARY KEY REFERENCES notice (id) ON DELETE CASCADE,
    worker BIGINT NOT NULL REFERENCES worker (id)
);
CREATE INDEX notice_sender_worker ON notice_sender (worker);

-- +goose StatementBegin
CREATE FUNCTION note_notice_sender() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    me BIGINT := NULLIF(current_setting('publisher.worker', TRUE), '')::BIGINT;
BEGIN
    IF NEW.progress <> 'sending' THEN
        DELETE FROM notice_sender WHERE notice = NEW.id;
    ELSIF me IS NOT NULL THEN
        INSERT INTO notice_sender (notice, worker) VALUES (NEW.id, me) ON CONFLICT (notice) DO UPDATE SET worker = EXCLUDED.worker;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER notice_sender AFTER UPDATE OF progress ON notice
    FOR EACH ROW WHEN (OLD.progress IS DISTINCT FROM NEW.progress AND (OLD.progress = 'sending' OR NEW.progress = 'sending'))
    EXECUTE FUNCTION note_notice_sender();

-- When a worker last beat, by the database's clock: for people to read. Nobody is declared dead by it.
ALTER TABLE worker ADD COLUMN beat_at BIGINT;

-- Who was declared dead, and what others took over from it.
CREATE TABLE takeover (
    number    BIGINT PRIMARY KEY, -- counts them; the last one is never removed
    worker    BIGINT NOT NULL,
    host      TEXT COLLATE "C" NOT NULL,
    process   BIGINT NOT NULL,
    by_worker BIGINT NOT NULL,
    at        BIGINT NOT NULL,    -- by the database's clock
    batches   BIGINT NOT NULL,
    uncertain BIGINT NOT NULL     -- mails
);

-- Returns the count. Fails if the worker was declared dead, or if a count was committed before that is
-- as high: the ledger lacks commits.
DROP FUNCTION raise_beat(BIGINT);
-- +goose StatementBegin
CREATE FUNCTION raise_beat(me BIGINT, committed BIGINT DEFAULT 0) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    raised BIGINT;
BEGIN
    UPDATE worker SET beats = beats + 1, beat_at = (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT WHERE id = me AND NOT dead RETURNING beats INTO raised;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this process was declared dead' USING ERRCODE = 'PB002';
    END IF;
    IF raised <= committed THEN
        RAISE EXCEPTION 'the ledger lacks what this process has committed' USING ERRCODE = 'PB003';
    END IF;
    PERFORM set_config('publisher.worker', me::TEXT, TRUE);
    RETURN raised;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE takeover;
ALTER TABLE worker DROP COLUMN beat_at;
DROP TRIGGER notice_sender ON notice;
DROP FUNCTION note_notice_sender;
DROP TABLE notice_sender;
DROP TABLE edition_refusal;
DROP TABLE edition_replies;
