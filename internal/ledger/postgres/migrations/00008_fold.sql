-- +goose Up
-- How many deliveries of editions that were finished long ago had which result. Their rows in
-- delivery are gone, and the counts of an edition are those of both tables together.
CREATE TABLE delivery_count (
    edition  BIGINT NOT NULL REFERENCES edition (number),
    progress TEXT COLLATE "C" NOT NULL,
    code     BIGINT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL, -- the domain of the addresses; '' for those that few have
    count    BIGINT NOT NULL,
    PRIMARY KEY (edition, progress, code, provider)
);
-- When the last of an edition's deliveries that need no row was counted; NULL before.
ALTER TABLE edition ADD COLUMN pruned_at BIGINT;

-- Each mail leaves a dead version of its row, and pruning the last one: both are reused once a twentieth
-- of the table is dead, not a fifth.
ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.05);

-- +goose Down
ALTER TABLE delivery RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE edition DROP COLUMN pruned_at;
DROP TABLE delivery_count;
