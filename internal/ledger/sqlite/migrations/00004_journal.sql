-- +goose Up
-- What attempts came to, group by group, until it is folded into delivery, subscriber
-- and pace. Appending to one table costs a fraction of changing three.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
);

-- +goose Down
DROP TABLE journal;
