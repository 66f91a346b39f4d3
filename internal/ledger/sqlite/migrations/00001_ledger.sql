-- +goose Up
-- Times are microseconds since 1970 in UTC; NULL where there is none.

CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE memo (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE post (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    path       TEXT NOT NULL,
    url        TEXT NOT NULL,
    title      TEXT NOT NULL,
    posted_at  BIGINT,
    body_hash  BLOB,
    file_hash  BLOB,
    first_seen BIGINT,
    updated_at BIGINT,
    gone_at    BIGINT,
    standing   TEXT NOT NULL,
    seq        BIGINT UNIQUE
);

-- AUTOINCREMENT: tokens in old mail name the id for ever, so an erased
-- subscriber's must never be another's.
CREATE TABLE subscriber (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    email        TEXT NOT NULL,
    email_key    TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    status       TEXT NOT NULL,
    status_at    BIGINT,
    cadence      TEXT NOT NULL,
    tags         TEXT NOT NULL,
    created_at   BIGINT,
    confirmed_at BIGINT,
    cursor_seq   BIGINT NOT NULL,
    from_file    BOOLEAN NOT NULL,
    -- What subscribers.file said last; file_status is NULL where it does not have the address.
    file_name    TEXT NOT NULL DEFAULT '',
    file_cadence TEXT NOT NULL DEFAULT '',
    file_tags    TEXT NOT NULL DEFAULT '',
    file_status  TEXT
);
-- Cadence first: who has the default cadence is most of all, and is read by id.
CREATE INDEX subscriber_audience ON subscriber (cadence, status, id);

CREATE TABLE cadence (
    name        TEXT PRIMARY KEY,
    closed_at   BIGINT NOT NULL,
    through_seq BIGINT NOT NULL
);

CREATE TABLE edition (
    number      INTEGER PRIMARY KEY,
    cadence     TEXT NOT NULL,
    subject     TEXT NOT NULL,
    closed_at   BIGINT,
    after_seq   BIGINT NOT NULL,
    through_seq BIGINT NOT NULL,
    posts       TEXT NOT NULL,
    recipients  BIGINT NOT NULL,
    done_at     BIGINT,
    canceled_at BIGINT
);

-- No foreign key to subscriber: what was sent is remembered when the address is erased.
CREATE TABLE delivery (
    edition     BIGINT NOT NULL REFERENCES edition (number),
    subscriber  BIGINT NOT NULL,
    after_seq   BIGINT NOT NULL,
    through_seq BIGINT NOT NULL,
    progress    TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    first_at    BIGINT,
    last_at     BIGINT,
    next_at     BIGINT,
    code        BIGINT NOT NULL DEFAULT 0,
    reply       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (edition, subscriber)
) WITHOUT ROWID;
CREATE INDEX delivery_open ON delivery (subscriber) WHERE progress IN ('sending', 'deferred');
CREATE INDEX delivery_failed ON delivery (subscriber) WHERE progress = 'failed';
CREATE INDEX delivery_deferred ON delivery (edition, subscriber) WHERE progress = 'deferred';
CREATE INDEX delivery_retry ON delivery (next_at) WHERE progress = 'deferred';

-- +goose Down
DROP TABLE delivery;
DROP TABLE edition;
DROP TABLE cadence;
DROP TABLE subscriber;
DROP TABLE post;
DROP TABLE memo;
DROP TABLE secret;
