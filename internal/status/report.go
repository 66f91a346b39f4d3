// Package status says what is under way, what waits and what is wrong, from what the ledger knows.
package status

import "publisher/internal/ledger/passstate"

// State is the whole in one word.
type State string

// The states of the program, from the best to the worst.
const (
	Well    State = "well"
	Failing State = "failing" // something fails, or a delivery waits to be tried again
	Held    State = "held"    // a person has to decide
)

// Report is the JSON document of `publisher status`. Sections are only ever added.
type Report struct {
	State     State       `json:"state"`
	At        string      `json:"at"`                // RFC 3339, as all times are
	Running   string      `json:"running,omitempty"` // what holds the lock of the passes
	Pass      *Pass       `json:"pass,omitempty"`    // the last one
	Rate      float64     `json:"rate"`              // messages a second, in the last minute
	Editions  []Edition   `json:"editions"`          // under way
	Deferred  *Deferred   `json:"deferred,omitempty"`
	Uncertain []Uncertain `json:"uncertain"`
	Notices   Notices     `json:"notices"`
	Cadences  []Cadence   `json:"cadences"`
	Processes []Process   `json:"processes,omitempty"` // that deliver; with a ledger in PostgreSQL
	Fleet     *Fleet      `json:"fleet,omitempty"`     // likewise
	Findings  []Finding   `json:"findings"`            // what is wrong, the worst first
}

// Process is a process that delivers.
type Process struct {
	Host    string  `json:"host"`
	Process int64   `json:"process"` // its id on the host
	Command string  `json:"command"`
	Version string  `json:"version"`
	Began   string  `json:"began"`
	Beat    string  `json:"beat"`           // the last one
	Silent  float64 `json:"seconds_silent"` // since then, by the database's clock
	Dead    bool    `json:"dead,omitempty"` // it ended within the last hour, or was declared dead
	Ended   string  `json:"ended,omitempty"`
	Batches int     `json:"batches"` // that it holds
}

// Pass is the last pass.
type Pass struct {
	Command string                 `json:"command"` // run or serve
	Began   string                 `json:"began"`
	Ended   string                 `json:"ended"`
	Found   passstate.PassFindings `json:"found"`
}

// Edition is an edition with recipients that were not tried yet.
type Edition struct {
	Number     int64  `json:"number"`
	Cadence    string `json:"cadence"`
	Language   string `json:"language,omitempty"` // "" if the site has one language
	Subject    string `json:"subject"`
	Closed     string `json:"closed"`
	Recipients int    `json:"recipients"`
	Sent       int    `json:"sent"`
	Deferred   int    `json:"deferred"`
	Failed     int    `json:"failed"`
	Uncertain  int    `json:"uncertain"` // those in flight included
	Left       int    `json:"left"`
	End        string `json:"expected_end,omitempty"` // at this speed; "" if nothing goes out
	Stopped    bool   `json:"stopped,omitempty"`      // the server refused too many in a row
}

// Deferred is the deliveries that are tried again.
type Deferred struct {
	Count  int    `json:"count"`
	Oldest string `json:"oldest"`
	Next   string `json:"next"`
	Code   int    `json:"code,omitempty"` // of the most frequent reply
	Reply  string `json:"reply,omitempty"`
}

// Uncertain is deliveries of an edition that the server may or may not have accepted.
type Uncertain struct {
	Edition int64 `json:"edition"`
	Count   int   `json:"count"`
}

// Notices is the mails to one person that are to be sent.
type Notices struct {
	Waiting  int    `json:"waiting"`
	Deferred int    `json:"deferred"`
	Oldest   string `json:"oldest,omitempty"`
}

// Cadence is when a cadence closes its editions.
type Cadence struct {
	Name string `json:"name"`
	Last string `json:"last,omitempty"` // when it last closed
	Next string `json:"next,omitempty"` // when it fires; "" with each pass
	Due  string `json:"due,omitempty"`  // since when an edition is due and not closed
	Why  string `json:"why,omitempty"`  // what it waits for
}

// Kind names what is wrong, for programs.
type Kind string

// The kinds of findings.
const (
	KindRestored  Kind = "restored"    // the ledger was restored or copied
	KindPosts     Kind = "held_posts"  // by the flood guard
	KindMissing   Kind = "missing"     // rows of subscribers.file
	KindUncertain Kind = "uncertain"   // deliveries
	KindFault     Kind = "fault"       // a part of the program
	KindStart     Kind = "start"       // no pass can start
	KindStopped   Kind = "stopped"     // an edition that was refused too often
	KindIdle      Kind = "interrupted" // an edition that nobody sends
	KindDeferred  Kind = "deferred"    // deliveries
	KindNotices   Kind = "notices"     // that wait for too long
	KindOverdue   Kind = "overdue"     // no pass closes an edition that is due
	KindAway      Kind = "away"        // serve has ended, or does nothing
	KindProcess   Kind = "process"     // something is wrong in a process that delivers
)

// Finding is something that is wrong.
type Finding struct {
	Kind    Kind   `json:"kind"`
	Decide  bool   `json:"decide"`         // a person has to
	Part    string `json:"part,omitempty"` // of a fault
	Since   string `json:"since,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint"` // what to do
}
