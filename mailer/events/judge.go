package events

import (
	"encoding/json"
	"strings"

	"publisher/mailer/bounce"
	"publisher/mailer/refusal"
)

const (
	maxReason = 500
	maxEvents = 5000 // of one post
)

// verdict is what a service says of a failure.
type verdict int

const (
	unknown   verdict = iota
	permanent         // it gave the address up
	passing           // it gave this mail up, or was refused for another reason than the address
)

// failure is a delivery that failed.
type failure struct {
	verdict           verdict
	code              int
	status, words     string
	sender, recipient string
}

// report returns what the failure means. The server's words count first, as they do for replies
// and reports: services call refusals of our sender or our message permanent, too.
func (f failure) report() *bounce.Report {
	r := refusal.Refusal{Code: f.code, Enhanced: f.status, Text: f.words, Sender: f.sender, Recipients: []string{f.recipient}}
	if r.Enhanced == "" {
		r.Enhanced = refusal.FindEnhanced(f.words, "45")
	}
	about, _ := r.Classify()
	b := &bounce.Report{Kind: bounce.SoftBounce, About: about, Status: r.Enhanced, Reason: oneLine(f.words)}
	switch {
	case about == refusal.AboutUs:
		b.Kind = bounce.Refused
	case f.verdict == passing:
	case about == refusal.AboutMailbox, about == refusal.Unclear && f.verdict == permanent:
		b.Kind = bounce.HardBounce
	}
	if b.Reason == "" {
		b.Reason = b.Status
	}
	return b
}

// complaint returns the report that a reader called a mail spam.
func complaint(service string) *bounce.Report {
	return &bounce.Report{Kind: bounce.Complaint, Reason: "reported as junk mail, says " + service}
}

func oneLine(text string) string {
	return refusal.OneLine(strings.ToValidUTF8(text[:min(len(text), maxReason)], ""))
}

// messageID returns a Message-ID without its brackets, as whoever handles reports expects it.
func messageID(ids ...string) (all []string) {
	for _, id := range ids {
		if id != "" {
			all = append(all, id)
		}
	}
	return all
}

// decode reads JSON.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return &MalformedError{"it is not the JSON that was expected"} // whose error may quote an address
	}
	return nil
}
