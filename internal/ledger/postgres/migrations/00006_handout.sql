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

-- +goose Down
DROP TABLE edition_refusal;
DROP TABLE edition_replies;
