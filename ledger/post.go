package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Standing is how far a post has come on its way into mail.
type Standing string

const (
	Unseen   Standing = ""         // only `publisher feeds` has met it so far
	Known    Standing = "known"    // was there before the first pass: never mailed
	New      Standing = "new"      // waits for its date, settle, or the author (draft)
	Held     Standing = "held"     // the flood guard waits for a person
	Released Standing = "released" // a person let it go; the next pass numbers it
	Numbered Standing = "numbered" // has its sequence number: mailable, or mailed
)

// Post is what the ledger remembers of one post. Rows are never deleted.
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
	Standing  Standing
	Seq       int64 // the sequence number; 0 until Numbered
}

// Posts returns every post ever seen, by key.
func (l *Ledger) Posts(ctx context.Context) ([]Post, error) {
	posts, err := collect(ctx, l.read, scanPost, `
		SELECT key, id, path, url, title, posted_at, body_hash, file_hash,
		       first_seen, updated_at, gone_at, standing, COALESCE(seq, 0)
		FROM post ORDER BY key`)
	return posts, l.fail("read the posts", err)
}

func scanPost(row scanner) (p Post, err error) {
	err = row.Scan(&p.Key, &p.ID, &p.Path, &p.URL, &p.Title, (*instant)(&p.Date), &p.BodyHash, &p.FileHash,
		(*instant)(&p.FirstSeen), (*instant)(&p.Updated), (*instant)(&p.Gone), &p.Standing, &p.Seq)
	return p, err
}

// SavePosts stores new and changed posts in one transaction. Those that are
// Numbered without a Seq get the next sequence numbers, in the order given,
// and new ones their Key; both are set in the slice. A number is never given twice.
func (l *Ledger) SavePosts(ctx context.Context, posts []Post) error {
	if len(posts) == 0 {
		return nil
	}
	keys := make([]struct{ key, seq int64 }, len(posts))
	err := l.change(ctx, "save posts", func(tx *sql.Tx) error {
		newest, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		saver, err := newPostSaver(ctx, tx)
		if err != nil {
			return err
		}
		defer saver.close()
		for i, p := range posts {
			k, err := saver.save(ctx, p, newest+1)
			if err != nil {
				return fmt.Errorf("%s: %w", p.ID, err)
			}
			newest = max(newest, k.seq)
			keys[i] = k
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, k := range keys {
		posts[i].Key, posts[i].Seq = k.key, k.seq
	}
	return nil
}

// postSaver holds the statements of one transaction: a first pass saves every post.
type postSaver struct{ insert, update *sql.Stmt }

func newPostSaver(ctx context.Context, tx *sql.Tx) (*postSaver, error) {
	insert, err := tx.PrepareContext(ctx, `
		INSERT INTO post (id, path, url, title, posted_at, body_hash, file_hash,
			updated_at, gone_at, standing, seq, first_seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		RETURNING key, COALESCE(seq, 0)`)
	if err != nil {
		return nil, err
	}
	update, err := tx.PrepareContext(ctx, `
		UPDATE post SET path = $2, url = $3, title = $4, posted_at = $5, body_hash = $6, file_hash = $7,
			updated_at = $8, gone_at = $9, standing = $10, seq = COALESCE(seq, $11)
		WHERE id = $1 AND key = $12
		RETURNING key, COALESCE(seq, 0)`)
	if err != nil {
		return nil, errors.Join(err, insert.Close())
	}
	return &postSaver{insert, update}, nil
}

func (s *postSaver) close() error { return errors.Join(s.insert.Close(), s.update.Close()) }

// save gives the post the number next if it is due one and has none.
func (s *postSaver) save(ctx context.Context, p Post, next int64) (stored struct{ key, seq int64 }, err error) {
	seq := sql.NullInt64{Int64: p.Seq, Valid: p.Seq != 0}
	if p.Standing == Numbered && p.Seq == 0 {
		seq = sql.NullInt64{Int64: next, Valid: true}
	}
	statement, last := s.insert, any(instant(p.FirstSeen))
	if p.Key != 0 {
		statement, last = s.update, p.Key
	}
	err = statement.QueryRowContext(ctx, p.ID, p.Path, p.URL, p.Title, instant(p.Date), p.BodyHash, p.FileHash,
		instant(p.Updated), instant(p.Gone), p.Standing, seq, last).Scan(&stored.key, &stored.seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("no post has this id and key %d", p.Key)
	}
	return stored, err
}

// Newest is the highest sequence number given so far.
func (l *Ledger) Newest(ctx context.Context) (int64, error) {
	n, err := newest(ctx, l.read)
	return n, l.fail("read the newest number", err)
}

// querier is a *sql.DB, *sql.Tx or *sql.Conn.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func newest(ctx context.Context, q querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM post").Scan(&n)
	return n, err
}
