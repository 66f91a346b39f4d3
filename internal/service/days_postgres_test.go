//go:build postgres

package service_test

import (
	"testing"

	"publisher/internal/postgrestest"
)

// Three machines with one ledger crash again and again.
func TestDaysWithCrashesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	simulateDays(t, postgrestest.New(t), 3, simulatedHours(t, 6))
}
