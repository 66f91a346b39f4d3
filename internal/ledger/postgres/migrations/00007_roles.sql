-- +goose Up
-- What whoever makes the passes tells the others.
CREATE TABLE leader (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    settings TEXT COLLATE "C" NOT NULL, -- JSON: what mail is made of, by key of the config; no secrets
    version  BIGINT NOT NULL,           -- raised with each change of the settings
    tree     TEXT COLLATE "C" NOT NULL  -- the machine whose content tree the posts were recorded from; '' for any
);
INSERT INTO leader (id, settings, version, tree) VALUES (1, '{}', 0, '');

ALTER TABLE worker ADD COLUMN command TEXT COLLATE "C" NOT NULL DEFAULT ''; -- 'publisher work'
-- JSON: what is wrong in the process, and whether a person has to decide.
ALTER TABLE worker ADD COLUMN troubles TEXT COLLATE "C" NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE worker DROP COLUMN troubles;
ALTER TABLE worker DROP COLUMN command;
DROP TABLE leader;
