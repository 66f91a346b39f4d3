package imports

import (
	"context"
	"database/sql"

	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/sqlutil"
)

// ErasedReason is why a row with an erased address is refused.
const ErasedReason = "the reader of this address had it erased; only a sign-up that they confirm brings it back"

// refuseErased refuses a row whose address was erased.
func (i *importer) refuseErased(r Row) {
	i.counts.Erased++
	if i.Options.Erased != nil {
		i.Options.Erased(r.File, r.Line)
	}
	r.Refused = ErasedReason
	i.refuse(r)
}

// dropErased drops the staged rows of addresses that were erased since the list was staged.
func (i *importer) dropErased(ctx context.Context, tx *sql.Tx) error {
	now, err := erasure.ReadSet(ctx, tx)
	if err != nil || now.Equal(i.erased) {
		return err
	}
	keys, err := sqlutil.Column[string](ctx, tx, "SELECT email_key FROM import_row")
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !now.Has(key) {
			continue
		}
		for _, query := range []string{
			"DELETE FROM import_row WHERE email_key = $1",
			"UPDATE import_line SET refused = '" + ErasedReason + "' WHERE email_key = $1",
		} {
			if _, err := tx.ExecContext(ctx, query, key); err != nil {
				return err
			}
		}
		i.counts.Erased++
		i.counts.Refused++
		i.staged--
	}
	return nil
}
