//go:build postgres

package postgrestest_test

import (
	"testing"

	"publisher/internal/postgrestest"
)

func TestDatabases(t *testing.T) {
	one, other := postgrestest.New(t), postgrestest.New(t)
	s := postgrestest.Shared(t)
	s.Exec(t, one, "CREATE TABLE a (n BIGINT)", "INSERT INTO a VALUES (1)")
	if n := s.Value(t, other, "SELECT COUNT(*)::TEXT FROM pg_tables WHERE tablename = 'a'"); n != "0" {
		t.Errorf("%s tables of one test in the database of another", n)
	}
	fill := func(dsn string) error {
		s.Exec(t, dsn, "CREATE TABLE b (n BIGINT)")
		return nil
	}
	for range 2 {
		if n := s.Value(t, postgrestest.Copy(t, "b", fill), "SELECT COUNT(*)::TEXT FROM b"); n != "0" {
			t.Errorf("%s rows in the copy of an empty table", n)
		}
	}
}

func TestRestartAndStandby(t *testing.T) {
	s := postgrestest.Start(t, "fsync = on")
	db := s.Database(t)
	s.Exec(t, db, "CREATE TABLE a (n BIGINT)", "INSERT INTO a VALUES (1)")
	s.Restart(t)
	standby := s.Standby(t)
	for _, at := range []*postgrestest.Server{s, standby} {
		if n := at.Value(t, db, "SELECT SUM(n)::TEXT FROM a"); n != "1" {
			t.Errorf("the sum is %s after the restart", n)
		}
	}
	if said := standby.Value(t, "postgres", "SELECT pg_is_in_recovery()::TEXT"); said != "true" {
		t.Errorf("the standby is one: %s", said)
	}
	standby.Promote(t)
	standby.Exec(t, db, "INSERT INTO a VALUES (2)")
	copied := s.Database(t)
	s.Restore(t, standby.Dump(t, db), copied)
	if n := s.Value(t, copied, "SELECT SUM(n)::TEXT FROM a"); n != "3" {
		t.Errorf("the sum is %s in the restored dump", n)
	}
}
