//go:build postgres

package engines

import (
	"context"
	"errors"
	"time"
)

// CopyUntil is Copy, interrupted at a moment.
func CopyUntil(ctx context.Context, from, to Place, moment string) error {
	_, err := copyLedger(ctx, from, to, "publisher ledger copy", time.Now(), func(reached string) error {
		if reached == moment {
			return errors.New("interrupted")
		}
		return nil
	})
	return err
}
