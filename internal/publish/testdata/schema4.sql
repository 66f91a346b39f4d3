PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-26 02:22:54');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-26 02:22:54');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-26 02:22:54');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-26 02:22:54');
INSERT INTO goose_db_version VALUES(5,4,1,'2026-11-26 02:22:54');
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);
INSERT INTO secret VALUES('tokens',X'00');
CREATE TABLE memo (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);
INSERT INTO memo VALUES('first pass',X'323032362d31312d32365430323a32323a35342e3838393036345a');
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
INSERT INTO post VALUES(1,'tag:blog.example.com,2026-05-01:alpha','alpha.md','https://blog.example.com/alpha/','Alpha',1777593600000000,X'1c9095d4e5149bec7811f260944a4e0e1f936987773f44c64d40d78121b1148b',X'53e8ffd969645fa5f5cc35dda6df51772a230f71b1f2914f5b98de9009cfa43f',1795659774889064,NULL,NULL,'numbered',1);
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
, language TEXT NOT NULL DEFAULT '', file_language TEXT NOT NULL DEFAULT '');
INSERT INTO subscriber VALUES(1,'cadence@example.com','cadence@example.com','','active',1795659774786751,'weekly','',1795659774786751,NULL,1,0,'','','',NULL,'','');
INSERT INTO subscriber VALUES(2,'other@example.com','other@example.com','','active',1795659774786751,'','["go"]',1795659774786751,NULL,1,0,'','','',NULL,'','');
INSERT INTO subscriber VALUES(3,'stays@example.com','stays@example.com','','active',1795659774786751,'','',1795659774786751,NULL,0,0,'','','',NULL,'','');
INSERT INTO subscriber VALUES(4,'tags@example.com','tags@example.com','','active',1795659774786751,'','["go"]',1795659774786751,NULL,1,0,'','','',NULL,'','');
INSERT INTO subscriber VALUES(5,'late@example.com','late@example.com','','active',1795659775150608,'','',1795659775150608,NULL,1,0,'','','',NULL,'','');
CREATE TABLE cadence (
    name        TEXT PRIMARY KEY,
    closed_at   BIGINT NOT NULL,
    through_seq BIGINT NOT NULL
);
INSERT INTO cadence VALUES('immediate',1795659774889064,1);
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
, language TEXT NOT NULL DEFAULT '');
INSERT INTO edition VALUES(1,'immediate','Alpha',1795659774889064,0,1,'["tag:blog.example.com,2026-05-01:alpha"]',3,NULL,NULL,'');
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
    reply       TEXT NOT NULL DEFAULT '', again BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (edition, subscriber)
) WITHOUT ROWID;
CREATE TABLE pace (
    at    INTEGER PRIMARY KEY,
    count BIGINT NOT NULL
);
CREATE TABLE bounce (
    subscriber BIGINT NOT NULL,
    edition    BIGINT NOT NULL,
    hard       BOOLEAN NOT NULL,
    at         BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (subscriber, edition)
) WITHOUT ROWID;
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',5);
INSERT INTO sqlite_sequence VALUES('subscriber',5);
INSERT INTO sqlite_sequence VALUES('post',1);
CREATE INDEX subscriber_audience ON subscriber (cadence, status, id);
CREATE INDEX delivery_open ON delivery (subscriber) WHERE progress IN ('sending', 'deferred');
CREATE INDEX delivery_failed ON delivery (subscriber) WHERE progress = 'failed';
CREATE INDEX delivery_deferred ON delivery (edition, subscriber) WHERE progress = 'deferred';
CREATE INDEX delivery_retry ON delivery (next_at) WHERE progress = 'deferred';
COMMIT;
