// Package erasure collects and erases all that the ledger has about somebody.
package erasure

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// Erasure is what Erase did with an address.
type Erasure struct {
	Email  string // as it was asked for
	Known  bool   // the ledger had something about it
	Before bool   // it had been erased before
	// Texts are the spellings of the address that the ledger had, in lower case.
	Texts []string

	mark       int64 // that of the erasure
	unscrubbed bool  // an earlier erasure had not cleaned the files yet
}

// Erase removes everything about addresses from the ledger and the files beside it. What stays
// is a hash, so that no list brings an address back: see Erased. Editions keep their numbers of
// recipients. An address of which nothing is known is not remembered.
//
// Each address is erased in one transaction. The files are cleaned after that; if the program
// dies before, or a reader is in the way, Finish does it.
func Erase(ctx context.Context, l *ledger.Ledger, emails []string, now time.Time) (all []Erasure, err error) {
	former, err := addressesOf(ctx, l, emails, formerAddresses)
	if err != nil {
		return nil, err
	}
	var texts []string
	var mark int64
	others := false
	for i, email := range slices.Concat(former, emails) {
		e, err := eraseOne(ctx, l, email, mark, now)
		if err != nil {
			return all, err
		}
		if i >= len(former) {
			all = append(all, e)
		}
		texts, others = append(texts, e.Texts...), others || e.unscrubbed
		mark = max(mark, e.mark)
	}
	switch {
	case texts == nil:
		return all, nil
	case others: // whose texts are unknown here
		texts = nil
	}
	return all, scrub(ctx, l, texts, mark)
}

// formerAddresses are those that the subscriber with an address had before.
const formerAddresses = `
	SELECT f.email FROM subscriber f JOIN subscriber s ON s.id = f.moved_to WHERE s.email_key = $1 AND f.status <> 'active'`

// OtherAddresses returns further addresses to which mails about the subscribers with these ones
// went: those that they had before, and those to which they wanted to move. Addresses of other
// subscribers are not among them, whoever typed them.
func OtherAddresses(ctx context.Context, l *ledger.Ledger, emails []string) ([]string, error) {
	return addressesOf(ctx, l, emails, formerAddresses+`
		UNION SELECT n.email FROM notice n JOIN subscriber s ON s.id = n.subscriber
		WHERE s.email_key = $1 AND NOT EXISTS (SELECT 1 FROM subscriber o WHERE o.email_key = n.email_key)`)
}

// addressesOf returns the addresses that a query finds for each address.
func addressesOf(ctx context.Context, l *ledger.Ledger, emails []string, query string) (all []string, err error) {
	for _, email := range emails {
		key, err := address.Normalize(email)
		if err != nil {
			return nil, err
		}
		found, err := sqlutil.Column[string](ctx, l.Reader(), query, key)
		if err != nil {
			return nil, l.Fail("look for other addresses", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// eraseOne erases one address. mark is that of the caller's previous one; 0 for the first.
func eraseOne(ctx context.Context, l *ledger.Ledger, email string, mark int64, now time.Time) (e Erasure, err error) {
	e.Email = email
	key, err := address.Normalize(email)
	if err != nil {
		return e, err
	}
	db, err := l.Settled(ctx)
	if err != nil {
		return e, l.Fail("erase an address", err)
	}
	who := erasee{key: key}
	if who.texts, err = spellings(ctx, db, email, key); err != nil {
		return e, l.Fail("erase an address", err)
	}
	if s, err := ledger.SubscriberWhere(ctx, db, "s.email_key = $1", key); err != nil {
		return e, l.Fail("erase an address", err)
	} else if s != nil {
		who.id = s.ID
		// A reply that is on its way is not stored either.
		l.ForgetRepliesTo(s.ID)
	}
	// A scan of all deliveries would keep everybody else from writing.
	replies, err := mentions(ctx, db, who.texts)
	if err != nil {
		return e, l.Fail("erase an address", err)
	}
	if err := l.ForgetSpooled(who.id, who.texts); err != nil {
		return e, l.Fail("erase an address", err)
	}
	err = l.Change(ctx, "erase an address", func(tx *sql.Tx) error {
		e.Known, e.Before, e.mark, e.unscrubbed = false, false, 0, false
		known, err := who.known(ctx, tx)
		if err != nil {
			return err
		}
		if e.Before, err = isErased(ctx, tx, key); err != nil || !known && !e.Before {
			return err
		}
		e.Known = known
		owed, last, err := owedScrub(ctx, tx)
		if err != nil {
			return err
		}
		e.unscrubbed = owed && last != mark
		if err := who.erase(ctx, tx, replies); err != nil {
			return err
		}
		if e.mark, err = markErased(ctx, tx, key, now); err != nil || !known {
			return err
		}
		return ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: "erased"})
	})
	if e.Known || e.Before {
		e.Texts = who.texts
	}
	return e, err
}

// erasee is who is being erased.
type erasee struct {
	id    int64 // 0: not a subscriber
	key   string
	texts []string // spellings of the address, in lower case
}

// spellings returns the ways in which the ledger may have an address, in lower case.
func spellings(ctx context.Context, db *sql.DB, email, key string) ([]string, error) {
	found, err := sqlutil.Column[string](ctx, db, `
		SELECT email FROM subscriber WHERE email_key = $1 UNION SELECT email FROM signup WHERE email_key = $1
		UNION SELECT email FROM pending WHERE email_key = $1 UNION SELECT email FROM notice WHERE email_key = $1`, key)
	if err != nil {
		return nil, err
	}
	all := []string{key}
	for _, text := range append(found, email) {
		text = strings.ToLower(text)
		inJSON, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		all = append(all, text, string(inJSON[1:len(inJSON)-1]))
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// containing returns the condition that a column contains a text, as contains writes it.
func containing(column, text string) string {
	return "lower(" + column + ") LIKE " + text + ` ESCAPE '\'`
}

// contains returns the pattern for containing.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// mentions returns the deliveries whose server repeats the address.
func mentions(ctx context.Context, db *sql.DB, texts []string) (all []ledger.DeliveryKey, err error) {
	for _, text := range texts {
		found, err := sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (k ledger.DeliveryKey, err error) {
			err = row.Scan(&k.Edition, &k.Subscriber)
			return k, err
		}, "SELECT edition, subscriber FROM delivery WHERE reply <> '' AND "+containing("reply", "$1"), contains(text))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// known reports whether anything names the address.
func (who *erasee) known(ctx context.Context, tx *sql.Tx) (bool, error) {
	// It may have been added, or changed, since it was looked up.
	_, err := sqlutil.Row(ctx, tx, "SELECT id FROM subscriber WHERE email_key = $1", []any{who.key}, &who.id)
	if err != nil || who.id != 0 {
		return who.id != 0, err
	}
	var known bool
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM signup WHERE email_key = $1) OR EXISTS (SELECT 1 FROM pending WHERE email_key = $1)
			OR EXISTS (SELECT 1 FROM notice WHERE email_key = $1)`, who.key).Scan(&known)
	return known, err
}

// erasing is what is done for each erased address: every table that can name it is here.
// TestErase looks for an address in every column of every table.
var erasing = struct{ byID, byKey, byText []string }{
	byID: []string{ // $1: the subscriber
		"DELETE FROM subscriber WHERE id = $1",
		`UPDATE delivery SET reply = '', progress = CASE progress WHEN 'deferred' THEN 'failed' ELSE progress END,
			next_at = NULL, kept = CASE progress WHEN 'deferred' THEN 0 ELSE kept END
		WHERE edition IN (SELECT number FROM edition) AND subscriber = $1`,
		"UPDATE bounce SET reason = '' WHERE subscriber = $1",
		"DELETE FROM restoration WHERE subscriber = $1",
		"DELETE FROM consent WHERE subscriber = $1",
		"DELETE FROM token WHERE subscriber = $1",
		"DELETE FROM notice WHERE subscriber = $1",
		"DELETE FROM import_change WHERE subscriber = $1",
		"UPDATE event SET subscriber = NULL, data = '' WHERE subscriber = $1",
	},
	byKey: []string{ // $1: the normalized address
		"DELETE FROM token WHERE purpose IN ('confirm', 'code') AND data IN (SELECT CAST(id AS TEXT) FROM pending WHERE email_key = $1)",
		"DELETE FROM pending WHERE email_key = $1",
		"DELETE FROM signup WHERE email_key = $1",
		"DELETE FROM notice WHERE email_key = $1",
	},
	byText: []string{ // $1: the pattern of a spelling, wherever else somebody or a server wrote it
		"UPDATE bounce SET reason = '' WHERE " + containing("reason", "$1"),
		"UPDATE restoration SET words = '' WHERE " + containing("words", "$1"),
		"UPDATE event SET data = '' WHERE " + containing("data", "$1"),
		"DELETE FROM notice WHERE " + containing("data", "$1"),
		"UPDATE notice SET reply = '' WHERE " + containing("reply", "$1"),
		"DELETE FROM token WHERE " + containing("data", "$1"),
		"UPDATE signup SET name = '' WHERE " + containing("name", "$1"),
		"UPDATE signup SET page = '' WHERE " + containing("page", "$1"),
		"UPDATE pending SET name = '' WHERE " + containing("name", "$1"),
		"UPDATE pending SET page = '' WHERE " + containing("page", "$1"),
		"UPDATE consent SET page = '' WHERE " + containing("page", "$1"),
		"UPDATE subscriber SET name = '' WHERE " + containing("name", "$1"),
		"UPDATE subscriber SET file_name = '' WHERE " + containing("file_name", "$1"),
		"UPDATE import SET name = '' WHERE " + containing("name", "$1"),
		"UPDATE import SET counts = '' WHERE " + containing("counts", "$1"),
		"UPDATE import_change SET before = '' WHERE " + containing("before", "$1"),
		"UPDATE problem SET message = 'about an address that was erased' WHERE " + containing("message", "$1"),
	},
}

func (who *erasee) erase(ctx context.Context, tx *sql.Tx, replies []ledger.DeliveryKey) error {
	run := func(queries []string, arg any) error {
		for _, query := range queries {
			if _, err := tx.ExecContext(ctx, query, arg); err != nil {
				return err
			}
		}
		return nil
	}
	if who.id != 0 {
		if err := run(erasing.byID, who.id); err != nil {
			return err
		}
	}
	if err := run(erasing.byKey, who.key); err != nil {
		return err
	}
	for _, text := range who.texts {
		if err := run(erasing.byText, contains(text)); err != nil {
			return err
		}
	}
	for _, key := range replies {
		if _, err := tx.ExecContext(ctx, "UPDATE delivery SET reply = '' WHERE edition = $1 AND subscriber = $2", key.Edition, key.Subscriber); err != nil {
			return err
		}
	}
	// subscribers.file is read again: it may still have the address, which a warning says.
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber_file SET hash = ''"); err != nil {
		return err
	}
	return ledger.OweScrub(ctx, tx)
}

// owedScrub reports whether the files have to be cleaned, and returns the mark of the last
// erasure.
func owedScrub(ctx context.Context, db sqlutil.RowQuerier) (owed bool, mark int64, err error) {
	err = db.QueryRowContext(ctx, "SELECT scrub, COALESCE(erased_at, 0) FROM pass_state").Scan(&owed, &mark)
	return owed, mark, err
}

// scrub removes from the database's files what no table has any more. It is done again if
// texts are still there, or unknown. mark is that of the last erasure that it is for: if
// another one came meanwhile, the files still have to be cleaned for that.
func scrub(ctx context.Context, l *ledger.Ledger, texts []string, mark int64) error {
	if err := l.Scrub(ctx, texts); err != nil {
		return l.Fail("clean its files after an erasure; the next pass tries again", err)
	}
	return l.StoreRow(ctx, "clean its files after an erasure", "UPDATE pass_state SET scrub = FALSE WHERE COALESCE(erased_at, 0) = $1", mark)
}

// Finish cleans the files of the ledger if an erasure could not.
func Finish(ctx context.Context, l *ledger.Ledger) error {
	owed, mark, err := owedScrub(ctx, l.Reader())
	if err != nil || !owed {
		return l.Fail("look for unfinished erasures", err)
	}
	return scrub(ctx, l, nil, mark)
}
