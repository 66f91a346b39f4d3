package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// PostStage is how far a post has progressed toward being mailed.
type PostStage string

const (
	Unseen   PostStage = ""         // only `publisher feeds` has met it so far
	Known    PostStage = "known"    // was there before the first pass: never mailed
	New      PostStage = "new"      // waits for its date, settle, or the author (draft)
	Held     PostStage = "held"     // the flood guard waits for a person
	Released PostStage = "released" // a person let it go; the next pass numbers it
	Numbered PostStage = "numbered" // has its sequence number: mailable, or mailed
)

// Post is what the ledger knows about a post. Rows are never deleted.
type Post struct {
	Key       int64  // 0: not stored yet
	ID        string // the feed id, unique, for ever
	Path      string
	URL       string
	Title     string
	Date      time.Time
	BodyHash  []byte
	FileHash  []byte
	FirstSeen time.Time // stored once, with the post
	Updated   time.Time // when an edit without lastmod was first seen; zero where never
	Gone      time.Time // when its file was first missed; zero while it is there
	Stage     PostStage
	Seq       int64 // the sequence number; 0 until Numbered
	Tags      []string
	Language  string // of the digests that it is in; "": the site's
	Read      bool   // Tags and Language are known
}

// Posts returns every post ever seen, by key.
func (l *Ledger) Posts(ctx context.Context) ([]Post, error) {
	posts, err := sqlutil.Collect(ctx, l.read, scanPost, `
		SELECT key, id, path, url, title, posted_at, body_hash, file_hash,
		       first_seen, updated_at, gone_at, standing, COALESCE(seq, 0), tags, language
		FROM post ORDER BY key`)
	return posts, l.Fail("read the posts", err)
}

// LatestNumbered returns up to limit of the posts in a language that were mailed, or can be,
// newest first.
func (l *Ledger) LatestNumbered(ctx context.Context, language string, limit int) ([]Post, error) {
	posts, err := sqlutil.Collect(ctx, l.read, scanPost, `
		SELECT key, id, path, url, title, posted_at, body_hash, file_hash,
		       first_seen, updated_at, gone_at, standing, COALESCE(seq, 0), tags, language
		FROM post WHERE seq IS NOT NULL AND gone_at IS NULL AND language = $1 ORDER BY seq DESC LIMIT $2`, language, limit)
	return posts, l.Fail("read the latest posts", err)
}

func scanPost(row sqlutil.Scanner) (p Post, err error) {
	var tags sql.NullString
	if err := row.Scan(&p.Key, &p.ID, &p.Path, &p.URL, &p.Title, (*sqlutil.Time)(&p.Date), &p.BodyHash, &p.FileHash,
		(*sqlutil.Time)(&p.FirstSeen), (*sqlutil.Time)(&p.Updated), (*sqlutil.Time)(&p.Gone), &p.Stage, &p.Seq, &tags, &p.Language); err != nil {
		return p, err
	}
	p.Read = tags.Valid
	return p, (*sqlutil.Strings)(&p.Tags).Scan(tags.String)
}

// SavePosts stores new and changed posts in one transaction. Posts that are Numbered
// without a Seq get the next sequence numbers, in the order given, and new ones get their
// Key; both are set in the slice. A number is never used twice.
func (l *Ledger) SavePosts(ctx context.Context, posts []Post) error {
	if len(posts) == 0 {
		return nil
	}
	keys := make([]postKeys, len(posts))
	err := l.Change(ctx, "save posts", func(tx *sql.Tx) error {
		saver, err := newPostSaver(ctx, tx)
		if err != nil {
			return err
		}
		for i, p := range posts {
			if keys[i], err = saver.save(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.ID, err)
			}
		}
		return l.engine.InsertRows(ctx, tx, insertPosts, postColumns, saver.inserts)
	})
	if err != nil {
		return err
	}
	for i, k := range keys {
		posts[i].Key, posts[i].Seq = k.key, k.seq
	}
	return nil
}

type postKeys struct{ key, seq int64 }

const insertPosts = `
	INSERT INTO post (id, path, url, title, posted_at, body_hash, file_hash,
		updated_at, gone_at, standing, seq, tags, language, key, first_seen) VALUES %s`

// postColumns counts those of insertPosts.
const postColumns = 15

// postSaver saves the posts of one transaction: changed ones one by one, new ones together at
// the end, because the first pass saves every post.
type postSaver struct {
	newest  postKeys // given so far
	update  *sql.Stmt
	inserts []any // rows
}

func newPostSaver(ctx context.Context, tx *sql.Tx) (s *postSaver, err error) {
	s = new(postSaver)
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(key), 0), COALESCE(MAX(seq), 0) FROM post").Scan(&s.newest.key, &s.newest.seq)
	if err != nil {
		return nil, err
	}
	s.update, err = tx.PrepareContext(ctx, `
		UPDATE post SET path = $2, url = $3, title = $4, posted_at = $5, body_hash = $6, file_hash = $7,
			updated_at = $8, gone_at = $9, standing = $10, seq = COALESCE(seq, $11), tags = $12, language = $13
		WHERE id = $1 AND key = $14
		RETURNING key, COALESCE(seq, 0)`)
	return s, err
}

// save gives the post the next number if it should have one and does not.
func (s *postSaver) save(ctx context.Context, p Post) (stored postKeys, err error) {
	seq := sqlutil.Number(p.Seq)
	if p.Stage == Numbered && seq == 0 {
		seq = sqlutil.Number(s.newest.seq + 1)
	}
	tags := sql.NullString{String: sqlutil.Strings(p.Tags).String(), Valid: p.Read}
	row := []any{p.ID, p.Path, p.URL, p.Title, sqlutil.Time(p.Date), p.BodyHash, p.FileHash,
		sqlutil.Time(p.Updated), sqlutil.Time(p.Gone), string(p.Stage), seq, tags, p.Language}
	if p.Key == 0 {
		s.newest.key++
		stored = postKeys{s.newest.key, int64(seq)}
		s.inserts = append(append(s.inserts, row...), stored.key, sqlutil.Time(p.FirstSeen))
	} else if err = s.update.QueryRowContext(ctx, append(row, p.Key)...).Scan(&stored.key, &stored.seq); errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("no post has this id and key %d", p.Key)
	}
	s.newest.seq = max(s.newest.seq, stored.seq)
	return stored, err
}

// NewestNumber returns the highest sequence number used so far.
func (l *Ledger) NewestNumber(ctx context.Context) (int64, error) {
	n, err := NewestNumber(ctx, l.read)
	return n, l.Fail("read the newest number", err)
}

// NewestNumber is Ledger.NewestNumber within a transaction, or outside.
func NewestNumber(ctx context.Context, q sqlutil.RowQuerier) (n int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM post").Scan(&n)
	return n, err
}
