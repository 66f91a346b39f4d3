-- +goose Up
-- What a subscriber's choice is held against where the tree is not at hand; NULL until
-- a pass has read the post.
ALTER TABLE post ADD COLUMN tags TEXT;
ALTER TABLE post ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- Sequence numbers up to the cursor that are still due, whatever was chosen since.
ALTER TABLE subscriber ADD COLUMN owed TEXT NOT NULL DEFAULT '';
CREATE INDEX subscriber_owed ON subscriber (id) WHERE owed <> '';

-- Each set of posts that an edition was composed of.
CREATE TABLE digest (
    edition  BIGINT NOT NULL REFERENCES edition (number),
    number   BIGINT NOT NULL,
    posts    TEXT NOT NULL, -- sequence numbers
    withheld TEXT NOT NULL, -- those that were due too and could not be shown
    returned TEXT NOT NULL DEFAULT '', -- of these, the ones that can be shown again
    PRIMARY KEY (edition, number)
) WITHOUT ROWID;
CREATE INDEX digest_withheld ON digest (edition, number) WHERE withheld <> '';

-- What an edition's messages are composed from, as it was closed.
CREATE TABLE bundle (
    edition BIGINT PRIMARY KEY REFERENCES edition (number),
    data    BLOB NOT NULL
);
ALTER TABLE edition ADD COLUMN domain TEXT NOT NULL DEFAULT ''; -- of its Message-IDs

ALTER TABLE delivery ADD COLUMN digest BIGINT NOT NULL DEFAULT 0; -- 0: of an earlier version
ALTER TABLE delivery ADD COLUMN resent BIGINT NOT NULL DEFAULT 0; -- how often nobody knew whether it had been taken, and it was sent again
-- Why its posts are due still: 1, failed since retry_for ran out; 2, failed since the
-- subscription had ended; 3, deferred since one of them could not be shown.
ALTER TABLE delivery ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;
UPDATE delivery SET kept = 1 WHERE progress = 'failed' AND code < 500;
DROP INDEX delivery_failed;
CREATE INDEX delivery_given_up ON delivery (subscriber) WHERE kept = 1;

-- Cursors could jump over the posts of an edition: see Ledger.Mend.
INSERT INTO memo (name, value) SELECT 'mend', x'31' WHERE EXISTS (SELECT 1 FROM edition WHERE done_at IS NULL)
    OR EXISTS (SELECT 1 FROM delivery WHERE progress IN ('sending', 'deferred'));

-- +goose Down
DROP INDEX delivery_given_up;
CREATE INDEX delivery_failed ON delivery (subscriber) WHERE progress = 'failed';
ALTER TABLE delivery DROP COLUMN kept;
ALTER TABLE delivery DROP COLUMN resent;
ALTER TABLE delivery DROP COLUMN digest;
ALTER TABLE edition DROP COLUMN domain;
DROP TABLE bundle;
DROP TABLE digest;
DROP INDEX subscriber_owed;
ALTER TABLE subscriber DROP COLUMN owed;
ALTER TABLE post DROP COLUMN language;
ALTER TABLE post DROP COLUMN tags;
