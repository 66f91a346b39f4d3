package erasure

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// SubscriberData is everything that the ledger has about a subscriber, for the subscriber: by
// table, each row by its columns.
type SubscriberData map[string][]map[string]any

// aboutSubscriber are the rows about a subscriber ($1: the id, $2: the normalized address),
// without internal keys and hashes. What is erased is here.
var aboutSubscriber = []struct {
	name, query string
	byKey       bool
}{
	{"subscription", `SELECT id, email, name, status, status_at, cadence, tags, language, created_at, confirmed_at, paused_until,
		cursor_seq AS newest_post, owed AS posts_owed, from_file, undo_to, import FROM subscriber WHERE id = $1`, false},
	{"former_addresses", "SELECT email, status_at AS moved_at FROM subscriber WHERE moved_to = $1", false},
	{"consents", `SELECT c.at, c.what, c.how, c.page, c.ip, w.language, w.text AS wording
		FROM consent c LEFT JOIN wording w ON w.hash = c.wording WHERE c.subscriber = $1 ORDER BY c.id`, false},
	{"mails", `SELECT d.edition, e.subject, d.progress AS status, d.attempts, d.first_at, d.last_at, d.next_at, d.code, d.reply
		FROM edition e JOIN delivery d ON d.edition = e.number AND d.subscriber = $1 ORDER BY e.number`, false},
	{"bounces", "SELECT edition, hard, at, reason FROM bounce WHERE subscriber = $1 ORDER BY edition", false},
	{"restorations", "SELECT restored_at, status, marked_at, edition, words FROM restoration WHERE subscriber = $1 ORDER BY restored_at", false},
	{"events", "SELECT at, kind, data FROM event WHERE subscriber = $1 ORDER BY id", false},
	{"links", "SELECT purpose, data, created_at, expires_at FROM token WHERE subscriber = $1 ORDER BY created_at", false},
	{"imports", "SELECT i.number, i.at, i.name, i.service, c.before FROM import i JOIN import_change c ON c.import = i.number AND c.subscriber = $1 ORDER BY i.number", false},
	{"notices", "SELECT kind, email, language, data, progress AS status, attempts, created_at, last_at, next_at, code, reply FROM notice WHERE subscriber = $1 ORDER BY id", false},
	{"sign_ups", "SELECT email, name, cadence, tags, language, page, how, ip, created_at, handled_at FROM signup WHERE email_key = $1 ORDER BY id", true},
	{"to_confirm", "SELECT email, name, cadence, tags, language, page, how, ip, created_at, expires_at FROM pending WHERE email_key = $1", true},
}

// CollectData returns everything about a subscriber; nil if there is none.
func CollectData(ctx context.Context, l *ledger.Ledger, id int64) (SubscriberData, error) {
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, l.Fail("collect what is stored of a subscriber", err)
	}
	var key string
	found, err := sqlutil.Row(ctx, db, "SELECT email_key FROM subscriber WHERE id = $1", []any{id}, &key)
	if err != nil || !found {
		return nil, l.Fail("find a subscriber", err)
	}
	all := SubscriberData{}
	for _, about := range aboutSubscriber {
		var arg any = id
		if about.byKey {
			arg = key
		}
		rows, err := readable(ctx, db, about.query, arg)
		if err != nil {
			return nil, l.Fail("collect what is stored of a subscriber: "+about.name, err)
		}
		all[about.name] = rows
	}
	return all, nil
}

// readable returns the rows of a query in a form for people: times as RFC 3339, lists as lists.
func readable(ctx context.Context, db sqlutil.Querier, query string, arg any) ([]map[string]any, error) {
	rows, err := db.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all := []map[string]any{}
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := map[string]any{}
		for i, name := range columns {
			if values[i] != nil && values[i] != "" {
				row[name] = readableValue(name, values[i])
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func readableValue(name string, value any) any {
	switch v := value.(type) {
	case int64:
		if name == "hard" || name == "from_file" {
			return v != 0
		}
		if name == "at" || name == "paused_until" || strings.HasSuffix(name, "_at") {
			return time.UnixMicro(v).UTC().Format(time.RFC3339)
		}
	case string:
		if slices.Contains([]string{"tags", "data", "before"}, name) && json.Valid([]byte(v)) {
			return json.RawMessage(v)
		}
	case []byte:
		return fmt.Sprintf("%x", v)
	}
	return value
}
