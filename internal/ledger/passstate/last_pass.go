package passstate

import (
	"context"
	"encoding/json"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// LastPass is the last pass, for whoever wants to know how the program is doing.
type LastPass struct {
	Began, Ended time.Time
	Command      string // "run" or "serve"
	Found        PassFindings
}

// PassFindings is what a pass found.
type PassFindings struct {
	Posts     int `json:"posts"`
	New       int `json:"new,omitempty"`
	Changed   int `json:"changed,omitempty"`
	Gone      int `json:"gone,omitempty"`
	Invalid   int `json:"invalid,omitempty"`
	Written   int `json:"written,omitempty"`   // feed files
	Unchanged int `json:"unchanged,omitempty"` // likewise
	Warnings  int `json:"warnings,omitempty"`
}

// LoadLastPass returns the last pass; nil if there was none.
func LoadLastPass(ctx context.Context, l *ledger.Ledger) (*LastPass, error) {
	const doing = "read the last pass"
	var p LastPass
	var found string
	any, err := sqlutil.Row(ctx, l.Reader(), "SELECT began_at, ended_at, command, found FROM last_pass", nil,
		(*sqlutil.Time)(&p.Began), (*sqlutil.Time)(&p.Ended), &p.Command, &found)
	if err != nil || !any {
		return nil, l.Fail(doing, err)
	}
	return &p, l.Fail(doing, json.Unmarshal([]byte(found), &p.Found))
}

// SaveLastPass replaces the last pass.
func SaveLastPass(ctx context.Context, l *ledger.Ledger, p LastPass) error {
	found, err := json.Marshal(p.Found)
	if err != nil {
		return err
	}
	return l.StoreRow(ctx, "store the last pass", `
		INSERT INTO last_pass (id, began_at, ended_at, command, found) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET began_at = excluded.began_at, ended_at = excluded.ended_at,
			command = excluded.command, found = excluded.found`,
		sqlutil.Time(p.Began), sqlutil.Time(p.Ended), p.Command, string(found))
}
