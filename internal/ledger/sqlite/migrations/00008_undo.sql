-- +goose Up
-- What the link in mail takes an unsubscribing back to; '' where only the owner does. Of
-- earlier ones nobody knows whether the subscriber or the owner ended them.
ALTER TABLE subscriber ADD COLUMN undo_to TEXT NOT NULL DEFAULT '';

-- bounce.refused: 3, a report that a Message-ID or a link proves, and no return path.

-- +goose Down
ALTER TABLE subscriber DROP COLUMN undo_to;
