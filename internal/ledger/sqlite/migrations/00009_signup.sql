-- +goose Up
-- What happens on the web: signing up, confirming, choosing, leaving, moving in. Hashes are
-- SHA-256 of the random tokens that are in mails and pages, so that a copy of the ledger
-- opens nothing.

-- Requests to subscribe, as they came. Nobody looks at the address before the answer is sent.
CREATE TABLE signup (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    request    BLOB NOT NULL UNIQUE, -- hash of the token that the answer contains
    browser    BLOB,                 -- hash of the cookie; NULL if there is none
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    name       TEXT NOT NULL,
    cadence    TEXT NOT NULL,        -- '' for digest.default
    tags       TEXT NOT NULL,
    language   TEXT NOT NULL,
    page       TEXT NOT NULL,        -- where the form was
    how        TEXT NOT NULL,        -- 'form', 'json' or 'mail'
    wording    BLOB,                 -- of wording
    ip         TEXT NOT NULL,        -- '' unless signup.record_ip
    created_at BIGINT NOT NULL,
    handled_at BIGINT,               -- NULL until a notice about it was planned
    tries      BIGINT NOT NULL DEFAULT 0 -- codes that were typed
);
CREATE INDEX signup_open ON signup (id) WHERE handled_at IS NULL;
CREATE INDEX signup_address ON signup (email_key, created_at);
CREATE INDEX signup_age ON signup (created_at);

-- Addresses that were asked to confirm. A subscriber with the address, if there is one, stays
-- as it is until then.
CREATE TABLE pending (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    cadence    TEXT NOT NULL,
    tags       TEXT NOT NULL,
    language   TEXT NOT NULL,
    page       TEXT NOT NULL,
    how        TEXT NOT NULL,
    wording    BLOB,
    ip         TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pending_expiry ON pending (expires_at);

-- Random tokens and codes by their hash. They are kept until they expire.
CREATE TABLE token (
    hash       BLOB PRIMARY KEY,
    purpose    TEXT NOT NULL,
    subscriber BIGINT,               -- NULL: none, or a pending one, which data names
    data       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT                -- NULL: never
) WITHOUT ROWID;
CREATE INDEX token_expiry ON token (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX token_confirm ON token (data) WHERE purpose = 'confirm';
CREATE INDEX token_code ON token (data) WHERE purpose = 'code';
CREATE INDEX token_subscriber ON token (subscriber) WHERE subscriber IS NOT NULL;

-- Mails to one person that are not digests. Like a delivery, each is intended before its
-- body goes out.
CREATE TABLE notice (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    subscriber BIGINT,
    pending    BIGINT,
    language   TEXT NOT NULL,
    data       TEXT NOT NULL,        -- JSON: what the mail says besides
    progress   TEXT NOT NULL,        -- 'waiting', 'sending', 'deferred', 'sent', 'failed' or 'uncertain'
    attempts   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    last_at    BIGINT,
    next_at    BIGINT,               -- of 'waiting' and 'deferred'
    code       BIGINT NOT NULL DEFAULT 0,
    reply      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX notice_due ON notice (next_at, id) WHERE progress IN ('waiting', 'deferred');
CREATE INDEX notice_sending ON notice (id) WHERE progress = 'sending';
CREATE INDEX notice_address ON notice (email_key, kind, created_at);
CREATE INDEX notice_age ON notice (created_at);

-- What people agreed to, and when.
CREATE TABLE consent (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    what       TEXT NOT NULL,
    how        TEXT NOT NULL,
    wording    BLOB,
    page       TEXT NOT NULL,
    ip         TEXT NOT NULL
);
CREATE INDEX consent_subscriber ON consent (subscriber);

-- The texts that people agreed to.
CREATE TABLE wording (
    hash     BLOB PRIMARY KEY,
    language TEXT NOT NULL,
    text     TEXT NOT NULL
) WITHOUT ROWID;

-- What remains of an erased address: an HMAC under the key 'erased' of secret.
CREATE TABLE erased (
    hash BLOB PRIMARY KEY,
    at   BIGINT NOT NULL
) WITHOUT ROWID;

-- What happened, for the owner.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    subscriber BIGINT,
    data       TEXT NOT NULL         -- JSON
);
CREATE INDEX event_kind ON event (kind, at);
CREATE INDEX event_subscriber ON event (subscriber) WHERE subscriber IS NOT NULL;

-- Log-ins of the owner.
CREATE TABLE session (
    hash       BLOB PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Imports, and what each of them changed of subscribers that were there before.
CREATE TABLE import (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    at        BIGINT NOT NULL,
    name      TEXT NOT NULL,         -- of the file
    service   TEXT NOT NULL,
    counts    TEXT NOT NULL,         -- JSON, with the ids of the subscribers that it added
    undone_at BIGINT
);
CREATE TABLE import_change (
    import     BIGINT NOT NULL REFERENCES import (number),
    subscriber BIGINT NOT NULL,
    before     TEXT NOT NULL,        -- JSON
    PRIMARY KEY (import, subscriber)
) WITHOUT ROWID;

-- How far the mailboxes of mail.bounces were read.
CREATE TABLE mailbox (
    name         TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL,
    uid          BIGINT NOT NULL     -- the highest that was read
) WITHOUT ROWID;

-- No mail until then; NULL if not paused.
ALTER TABLE subscriber ADD COLUMN paused_until BIGINT;
CREATE INDEX subscriber_paused ON subscriber (paused_until) WHERE paused_until IS NOT NULL;
-- Who had this address before, and has another one now; NULL for none. Such a row has left, and
-- keeps lists from bringing the address back.
ALTER TABLE subscriber ADD COLUMN moved_to BIGINT;
CREATE INDEX subscriber_moved ON subscriber (moved_to) WHERE moved_to IS NOT NULL;
-- The import that touched the subscriber last; NULL if something else did.
ALTER TABLE subscriber ADD COLUMN import BIGINT;
-- +goose StatementBegin
CREATE TRIGGER subscriber_touched
AFTER UPDATE OF email, name, status, cadence, tags, language, confirmed_at, paused_until, file_status ON subscriber
WHEN OLD.import IS NOT NULL AND NEW.import IS OLD.import AND (
    NEW.email <> OLD.email OR NEW.name <> OLD.name OR NEW.status <> OLD.status OR NEW.cadence <> OLD.cadence
    OR NEW.tags <> OLD.tags OR NEW.language <> OLD.language OR NEW.confirmed_at IS NOT OLD.confirmed_at
    OR NEW.paused_until IS NOT OLD.paused_until OR NEW.file_status IS NOT OLD.file_status)
BEGIN
    UPDATE subscriber SET import = NULL WHERE id = NEW.id;
END;
-- +goose StatementEnd

-- An erasure has not reached the free space of the ledger's files yet.
ALTER TABLE pass_state ADD COLUMN scrub BOOLEAN NOT NULL DEFAULT FALSE;
-- When an address was last erased; NULL if never.
ALTER TABLE pass_state ADD COLUMN erased_at BIGINT;

-- The owner's words (digest.intro) that were above editions, by the hash of the file: each cadence
-- has them once.
CREATE TABLE digest_intro (
    cadence  TEXT NOT NULL,
    language TEXT NOT NULL,
    hash     BLOB NOT NULL,
    edition  BIGINT NOT NULL,
    PRIMARY KEY (cadence, language, hash)
) WITHOUT ROWID;

-- How many read a feed on a day: those that a service says it fetches the feed for, and, with no
-- service, all others together.
CREATE TABLE feed_reader (
    day     TEXT NOT NULL, -- in site.timezone
    feed    TEXT NOT NULL, -- below feeds.dir
    service TEXT NOT NULL,
    readers BIGINT NOT NULL,
    PRIMARY KEY (day, feed, service)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE feed_reader;
DROP TABLE digest_intro;
ALTER TABLE pass_state DROP COLUMN erased_at;
ALTER TABLE pass_state DROP COLUMN scrub;
DROP INDEX subscriber_moved;
ALTER TABLE subscriber DROP COLUMN moved_to;
DROP INDEX subscriber_paused;
DROP TRIGGER subscriber_touched;
ALTER TABLE subscriber DROP COLUMN import;
ALTER TABLE subscriber DROP COLUMN paused_until;
DROP TABLE mailbox;
DROP TABLE import_change;
DROP TABLE import;
DROP TABLE session;
DROP TABLE event;
DROP TABLE erased;
DROP TABLE wording;
DROP TABLE consent;
DROP TABLE notice;
DROP TABLE token;
DROP TABLE pending;
DROP TABLE signup;
