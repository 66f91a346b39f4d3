package ledger

import (
	"context"
	"database/sql"

	"publisher/internal/ledger/sqlutil"
)

// FeedNames are the names in feeds that never change.
type FeedNames struct {
	IDs     map[string]string            // of Atom feeds, by folder
	Folders map[string]map[string]string // of tags, by collection and tag
}

// FeedNames returns the ids of feeds and the folders of tags.
func (l *Ledger) FeedNames(ctx context.Context) (FeedNames, error) {
	names := FeedNames{IDs: map[string]string{}, Folders: map[string]map[string]string{}}
	_, err := sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var folder, id string
		err = row.Scan(&folder, &id)
		names.IDs[folder] = id
		return struct{}{}, err
	}, "SELECT folder, id FROM feed_id")
	if err != nil {
		return names, l.fail("read the ids of feeds", err)
	}
	_, err = sqlutil.Collect(ctx, l.read, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var collection, tag, folder string
		err = row.Scan(&collection, &tag, &folder)
		if names.Folders[collection] == nil {
			names.Folders[collection] = map[string]string{}
		}
		names.Folders[collection][tag] = folder
		return struct{}{}, err
	}, "SELECT collection, tag, folder FROM tag_folder")
	return names, l.fail("read the folders of tags", err)
}

// SaveFeedNames adds names and changes those that differ. None is ever removed.
func (l *Ledger) SaveFeedNames(ctx context.Context, next FeedNames) error {
	last, err := l.FeedNames(ctx)
	if err != nil || last.has(next) {
		return err
	}
	return l.store(ctx, "save the ids and tags of feeds", func(tx *sql.Tx) error {
		return saveFeedNames(ctx, tx, last, next)
	})
}

// has reports whether all of the other names are among these.
func (n FeedNames) has(other FeedNames) bool {
	for folder, id := range other.IDs {
		if known, ok := n.IDs[folder]; !ok || known != id {
			return false
		}
	}
	for collection, folders := range other.Folders {
		for tag, folder := range folders {
			if known, ok := n.Folders[collection][tag]; !ok || known != folder {
				return false
			}
		}
	}
	return true
}

func saveFeedNames(ctx context.Context, tx *sql.Tx, last, next FeedNames) error {
	err := sqlutil.EachRow(ctx, tx, `
		INSERT INTO feed_id (folder, id) VALUES ($1, $2)
		ON CONFLICT (folder) DO UPDATE SET id = excluded.id`, func(yield func(...any) bool) {
		for folder, id := range next.IDs {
			if known, ok := last.IDs[folder]; (!ok || known != id) && !yield(folder, id) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return sqlutil.EachRow(ctx, tx, `
		INSERT INTO tag_folder (collection, tag, folder) VALUES ($1, $2, $3)
		ON CONFLICT (collection, tag) DO UPDATE SET folder = excluded.folder`, func(yield func(...any) bool) {
		for collection, folders := range next.Folders {
			for tag, folder := range folders {
				known, ok := last.Folders[collection][tag]
				if (!ok || known != folder) && !yield(collection, tag, folder) {
					return
				}
			}
		}
	})
}
