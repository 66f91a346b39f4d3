package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"publisher/internal/ledger/sqlutil"
)

// RepairedPost is a post that became owed to subscribers whom an earlier version had
// skipped.
type RepairedPost struct {
	Edition     int64
	Post        string // its id
	Subscribers int
}

// RepairCursors finds, once, the subscribers whose cursor an earlier version moved past a
// post of an unfinished edition without offering it to them, and makes the post owed to
// them. The tags of the posts have to be known: SavePosts stores them.
func (l *Ledger) RepairCursors(ctx context.Context) ([]RepairedPost, error) {
	var asked bool
	if err := l.read.QueryRowContext(ctx, "SELECT mend_cursors FROM pass_state").Scan(&asked); err != nil || !asked {
		return nil, l.Fail("read whether cursors need repair", err)
	}
	var all []RepairedPost
	err := l.Change(ctx, "repair cursors", func(tx *sql.Tx) error {
		editions, err := sqlutil.Column[int64](ctx, tx, `SELECT number FROM edition WHERE canceled_at IS NULL AND (done_at IS NULL
			OR number IN (SELECT edition FROM delivery WHERE progress IN ('sending', 'deferred'))) ORDER BY number`)
		if err != nil {
			return err
		}
		for _, edition := range editions {
			mended, err := repairEdition(ctx, tx, edition)
			if err != nil {
				return err
			}
			all = append(all, mended...)
		}
		_, err = tx.ExecContext(ctx, "UPDATE pass_state SET mend_cursors = FALSE")
		return err
	})
	return all, err
}

func repairEdition(ctx context.Context, tx *sql.Tx, edition int64) ([]RepairedPost, error) {
	posts, err := editionNumbers(ctx, tx, edition)
	if err != nil {
		return nil, err
	}
	var all []RepairedPost
	for _, seq := range posts {
		m, err := repairPost(ctx, tx, edition, seq)
		if err != nil {
			return nil, err
		}
		if m.Subscribers > 0 {
			all = append(all, m)
		}
	}
	return all, nil
}

// repairPost makes one post owed to the subscribers who joined before it, whose cursor has
// passed it, and to whom no edition has offered it.
func repairPost(ctx context.Context, tx *sql.Tx, edition, seq int64) (RepairedPost, error) {
	m := RepairedPost{Edition: edition}
	var seen sqlutil.Time
	err := tx.QueryRowContext(ctx, "SELECT id, first_seen FROM post WHERE seq = $1", seq).Scan(&m.Post, &seen)
	if err != nil {
		return m, err
	}
	const passedOver = `s.status = 'active' AND s.cursor_seq >= $1 AND s.status_at <= $2 AND NOT EXISTS (
		SELECT 1 FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = s.id
		WHERE d.after_seq < $1 AND d.through_seq >= $1 AND d.kept = 0
			AND replace(e.posts, $3, '') <> e.posts)`
	post, err := json.Marshal(m.Post) // as it is in the list
	if err != nil {
		return m, err
	}
	err = changeDue(ctx, tx, passedOver, []any{seq, seen, string(post)}, func(posts []NumberedPost, g dueGroup) Due {
		if len(matching(posts, g.Selection, seq-1, seq)) == 0 {
			return g.Due
		}
		return Due{Cursor: g.Cursor, Owed: g.Owed.Union(Numbers{seq})}
	})
	if err != nil {
		return m, err
	}
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM subscriber s WHERE ' ' || s.owed || ' ' LIKE $4 AND "+passedOver,
		seq, seen, string(post), fmt.Sprintf("%% %d %%", seq)).Scan(&m.Subscribers)
	return m, err
}
