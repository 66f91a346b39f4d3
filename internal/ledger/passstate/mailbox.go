package passstate

import (
	"context"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// MailboxPosition returns how far a mailbox was read: the highest UID, and the UIDVALIDITY
// under which it counts. Both are 0 if it was never read.
func MailboxPosition(ctx context.Context, l *ledger.Ledger, name string) (validity, uid uint32, err error) {
	_, err = sqlutil.Row(ctx, l.Reader(), "SELECT uid_validity, uid FROM mailbox WHERE name = $1", []any{name}, &validity, &uid)
	return validity, uid, l.Fail("read the position in the mailbox", err)
}

// SetMailboxPosition stores how far a mailbox was read.
func SetMailboxPosition(ctx context.Context, l *ledger.Ledger, name string, validity, uid uint32) error {
	return l.StoreRow(ctx, "store the position in the mailbox", `
		INSERT INTO mailbox (name, uid_validity, uid) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, uid = excluded.uid`, name, int64(validity), int64(uid))
}
