package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// mostMemory is what the program may take at most, in bytes.
	mostMemory = 150 << 20
	// mostMails is the default of signup.mails_per_hour.
	mostMails = 300

	readerPrefix = "reader"
)

// report is what was seen.
type report struct {
	polls, signups   []answer
	bare             []answer // of a handler that does nothing, meanwhile
	reopened         int64
	memory           int64 // bytes; 0 where the system does not say
	reached, doubled int   // recipients of the edition
	others           int   // mails to those who signed up
}

// count counts the mails that arrived.
func (r *report) count(accepted map[string]int, recipients int) {
	edition, others := split(accepted)
	r.reached, r.others = len(edition), others
	for _, n := range edition {
		if n > 1 {
			r.doubled++
		}
	}
}

// split divides the mails that arrived into those of the edition and the number of others.
func split(accepted map[string]int) (edition map[string]int, others int) {
	edition = map[string]int{}
	for to, n := range accepted {
		if strings.HasPrefix(to, readerPrefix) {
			edition[to] = n
		} else {
			others += n
		}
	}
	return edition, others
}

// faults returns what is not as promised.
func (r report) faults(s storm) (faults []string) {
	note := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	failed := 0
	for _, a := range r.polls {
		if a.status != 200 || a.fault != nil {
			failed++
		}
	}
	note(len(r.polls) == 0, "the feed was never polled")
	note(failed > 0, "%d of %d polls failed, such as %v", failed, len(r.polls), firstFault(r.polls))
	// A machine that is busy with other things keeps everyone waiting.
	slow, allowed := percentile(r.polls, 99), max(s.within, 2*percentile(r.bare, 99))
	note(slow > allowed, "1 of 100 polls takes longer than %v, not %v", slow.Round(time.Millisecond), allowed.Round(time.Millisecond))
	note(r.memory > mostMemory, "the program took %d MB, more than %d", r.memory>>20, mostMemory>>20)
	note(r.reached != s.recipients, "%d of %d got the edition", r.reached, s.recipients)
	note(r.doubled > 0, "%d got the edition twice", r.doubled)
	note(r.others > mostMails+1, "%d mails went to those who signed up, more than %d", r.others, mostMails) // and the owner's alarm
	return faults
}

func firstFault(answers []answer) any {
	for _, a := range answers {
		if a.fault != nil {
			return a.fault
		}
		if a.status != 200 {
			return a.status
		}
	}
	return nil
}

func percentile(answers []answer, percent int) time.Duration {
	var took []time.Duration
	for _, a := range answers {
		took = append(took, a.took)
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)-1)*percent/100]
}

func (r report) String() string {
	var b strings.Builder
	for _, of := range []struct {
		what  string
		polls []answer
	}{{"polls of the feed", r.polls}, {"of a bare handler", r.bare}} {
		fmt.Fprintf(&b, "%d %s: half within %v, 99 of 100 within %v, all within %v\n", len(of.polls), of.what,
			percentile(of.polls, 50).Round(100*time.Microsecond), percentile(of.polls, 99).Round(100*time.Microsecond), percentile(of.polls, 100).Round(100*time.Microsecond))
	}
	statuses := map[int]int{}
	for _, a := range r.signups {
		statuses[a.status]++
	}
	fmt.Fprintf(&b, "%d sign-ups, by status: %v; 99 of 100 within %v; %d mails to them\n", len(r.signups), statuses,
		percentile(r.signups, 99).Round(100*time.Microsecond), r.others)
	fmt.Fprintf(&b, "the edition reached %d, %d of them twice\n", r.reached, r.doubled)
	fmt.Fprintf(&b, "connections held open were opened again %d times\n", r.reopened)
	fmt.Fprintf(&b, "memory at most %d MB\n", r.memory>>20)
	return b.String()
}

// peakMemory returns the most memory that a process has taken; 0 where the system does not
// say.
func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, _ := strconv.ParseInt(number, 10, 64)
	return kilobytes << 10
}
