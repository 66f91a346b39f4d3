-- +goose Up
-- BCP 47 tags; '' for the site's own language.
ALTER TABLE subscriber ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN file_language TEXT NOT NULL DEFAULT '';
ALTER TABLE edition ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE edition DROP COLUMN language;
ALTER TABLE subscriber DROP COLUMN file_language;
ALTER TABLE subscriber DROP COLUMN language;
