package passstate

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// FeedNames are the names in feeds that never change.
type FeedNames struct {
	IDs     map[string]string            // of Atom feeds, by folder
	Folders map[string]map[string]string // of tags, by collection and tag
}

// LoadFeedNames returns the ids of feeds and the folders of tags.
func LoadFeedNames(ctx context.Context, l *ledger.Ledger) (FeedNames, error) {
	const doing = "read the ids of feeds and the folders of tags"
	ids, err := sqlutil.CollectMap(ctx, l.Reader(), func(row sqlutil.Scanner) (folder, id string, err error) {
		err = row.Scan(&folder, &id)
		return folder, id, err
	}, "SELECT folder, id FROM feed_id")
	names := FeedNames{IDs: ids, Folders: map[string]map[string]string{}}
	if err != nil {
		return names, l.Fail(doing, err)
	}
	folders, err := sqlutil.CollectMap(ctx, l.Reader(), func(row sqlutil.Scanner) (t feedTag, folder string, err error) {
		err = row.Scan(&t.collection, &t.tag, &folder)
		return t, folder, err
	}, "SELECT collection, tag, folder FROM tag_folder")
	for t, folder := range folders {
		if names.Folders[t.collection] == nil {
			names.Folders[t.collection] = map[string]string{}
		}
		names.Folders[t.collection][t.tag] = folder
	}
	return names, l.Fail(doing, err)
}

type feedTag struct{ collection, tag string }

func (n FeedNames) folders() map[feedTag]string {
	all := map[feedTag]string{}
	for collection, folders := range n.Folders {
		for tag, folder := range folders {
			all[feedTag{collection, tag}] = folder
		}
	}
	return all
}

var (
	feedIDTable = sqlutil.Table[string, string]{
		Upsert: `INSERT INTO feed_id (folder, id) VALUES ($1, $2)
			ON CONFLICT (folder) DO UPDATE SET id = excluded.id`,
		Row:   func(folder, id string) []any { return []any{folder, id} },
		Equal: func(a, b string) bool { return a == b },
	}
	tagFolderTable = sqlutil.Table[feedTag, string]{
		Upsert: `INSERT INTO tag_folder (collection, tag, folder) VALUES ($1, $2, $3)
			ON CONFLICT (collection, tag) DO UPDATE SET folder = excluded.folder`,
		Row:   func(t feedTag, folder string) []any { return []any{t.collection, t.tag, folder} },
		Equal: func(a, b string) bool { return a == b },
	}
)

// SaveFeedNames adds names and changes those that differ. None is ever removed.
func SaveFeedNames(ctx context.Context, l *ledger.Ledger, next FeedNames) error {
	last, err := LoadFeedNames(ctx, l)
	if err != nil {
		return err
	}
	folders, nextFolders := last.folders(), next.folders()
	if feedIDTable.Has(last.IDs, next.IDs) && tagFolderTable.Has(folders, nextFolders) {
		return nil
	}
	return l.Store(ctx, "save the ids of feeds and the folders of tags", func(tx *sql.Tx) error {
		if err := feedIDTable.Put(ctx, tx, last.IDs, next.IDs); err != nil {
			return err
		}
		return tagFolderTable.Put(ctx, tx, folders, nextFolders)
	})
}
