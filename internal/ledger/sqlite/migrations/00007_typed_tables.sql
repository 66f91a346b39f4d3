-- What used to be values under string keys. migrate_memo.go runs this file, carries the
-- values over and drops the table they were in, all in one transaction, so goose itself
-- must not run it. Tables with an id that is always 1 have one row at most.

-- What keeps a copy of the ledger from sending; see guard.go.
CREATE TABLE clone_guard (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    last_mark     TEXT NOT NULL DEFAULT '', -- the mark before, since a crash may come between the two files
    next_mark     TEXT NOT NULL DEFAULT '', -- what the mark beside the ledger should be
    backup_at     BIGINT,                   -- when the backup that this ledger is was made; NULL if it is not one
    edition_floor BIGINT NOT NULL DEFAULT 0 -- the ledger that was here before may have used edition numbers up to this one
);
INSERT INTO clone_guard (id) VALUES (1);

CREATE TABLE pass_state (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    first_pass_at    BIGINT,                        -- NULL until there was one
    digest_languages TEXT NOT NULL DEFAULT '',      -- separated by spaces, the site's first; '' if all digests are in one
    mend_cursors     BOOLEAN NOT NULL DEFAULT FALSE -- an earlier version left editions unfinished; see Ledger.Mend
);
INSERT INTO pass_state (id) VALUES (1);

CREATE TABLE smtp_state (
    id                  INTEGER PRIMARY KEY CHECK (id = 1),
    limited_server      TEXT NOT NULL DEFAULT '',      -- the server that asked for fewer connections
    limited_connections BIGINT NOT NULL DEFAULT 0,     -- how many it accepted; 0: no server did
    sending             BOOLEAN NOT NULL DEFAULT FALSE -- messages are going out under a rate, or were when the process died
);
INSERT INTO smtp_state (id) VALUES (1);

-- The content tree as the last scan found it, in the encoding of content.Snapshot.
CREATE TABLE scan_snapshot (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    data BLOB NOT NULL
);

-- The conditions under which a pass may leave the posts unread.
CREATE TABLE unchanged_note (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    version  BIGINT NOT NULL,
    scan     TEXT NOT NULL,
    settings TEXT NOT NULL,
    since_at BIGINT,
    until_at BIGINT,
    mail     BOOLEAN NOT NULL
);

-- What passes repeat without looking for it again.
CREATE TABLE problem (
    source   TEXT NOT NULL, -- 'posts' of unchanged_note, 'feeds' of feed_state, 'subscribers' of subscriber_file
    position BIGINT NOT NULL,
    path     TEXT NOT NULL,
    line     BIGINT NOT NULL,
    message  TEXT NOT NULL,
    invalid  BOOLEAN NOT NULL,
    shared   BOOLEAN NOT NULL,
    PRIMARY KEY (source, position)
) WITHOUT ROWID;

CREATE TABLE feed_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    settings TEXT NOT NULL,
    feeds    BIGINT NOT NULL -- how many of the files are feeds
);

CREATE TABLE feed_file (
    path        TEXT PRIMARY KEY,
    sha256      TEXT NOT NULL,
    inputs      TEXT NOT NULL,
    items       BLOB,
    size        BIGINT NOT NULL,
    modified_ns BIGINT -- nanoseconds since 1970; NULL if the file must be made again
);

-- What the last rendering of a post for the feeds was made of besides the post.
CREATE TABLE post_dependency (
    path  TEXT PRIMARY KEY,
    links TEXT NOT NULL,
    files TEXT NOT NULL,
    state TEXT NOT NULL
);

-- The ids of Atom feeds and the folders of tags, which never change.
CREATE TABLE feed_id (
    folder TEXT PRIMARY KEY,
    id     TEXT NOT NULL
);
CREATE TABLE tag_folder (
    collection TEXT NOT NULL, -- folder of the language; '' for the site's own
    tag        TEXT NOT NULL, -- in lower case
    folder     TEXT NOT NULL,
    PRIMARY KEY (collection, tag)
) WITHOUT ROWID;

-- WebSub hubs, and what each of them was told last.
CREATE TABLE hub (
    url      TEXT PRIMARY KEY,
    failures BIGINT NOT NULL, -- in a row
    next_at  BIGINT           -- when to try again; NULL if the last attempt did not fail
);
CREATE TABLE hub_feed (
    hub  TEXT NOT NULL REFERENCES hub (url),
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (hub, path)
) WITHOUT ROWID;

-- subscribers.file as it was last read.
CREATE TABLE subscriber_file (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    hash    TEXT NOT NULL,
    missing BIGINT NOT NULL, -- rows that are gone and whose subscriptions go on
    faulty  BOOLEAN NOT NULL
);

-- The web versions of editions.
CREATE TABLE archived_page (
    edition   INTEGER PRIMARY KEY REFERENCES edition (number),
    html_gzip BLOB NOT NULL
);

-- Values that need no decoding. The others are carried over by migrate_memo.go.
UPDATE clone_guard SET edition_floor = (SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM memo WHERE name = 'editions given')
    WHERE EXISTS (SELECT 1 FROM memo WHERE name = 'editions given');
UPDATE pass_state SET digest_languages = (SELECT CAST(value AS TEXT) FROM memo WHERE name = 'languages')
    WHERE EXISTS (SELECT 1 FROM memo WHERE name = 'languages');
UPDATE pass_state SET mend_cursors = EXISTS (SELECT 1 FROM memo WHERE name = 'mend');
UPDATE smtp_state SET sending = EXISTS (SELECT 1 FROM memo WHERE name = 'sending');
INSERT INTO scan_snapshot (id, data) SELECT 1, value FROM memo WHERE name = 'scan';
INSERT INTO archived_page (edition, html_gzip)
    SELECT e.number, m.value FROM edition e JOIN memo m ON m.name = 'web version of edition ' || e.number;
