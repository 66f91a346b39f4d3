package main

import (
	"fmt"
	"strings"
)

// compare compares the ledger and the mails with what was answered.
func (k *torture) compare(round int) {
	k.t.Helper()
	s := k.snapshot()
	fresh := 0
	for _, a := range s.sending {
		if k.attempts[a] { // the program was killed again before it looked at it
			continue
		}
		fresh++
		k.attempts[a] = true
		k.doubtful[a.message]++
		k.doubted[a.to]++
	}
	if fresh > noticeConnections {
		k.t.Errorf("%d mails are uncertain, over %d connections: %+v", fresh, noticeConnections, s.sending)
	}
	for id, n := range k.mails.all() {
		if most := 1 + k.doubtful[id]; n > most || n > 1 && k.uncertain == "hold" {
			k.t.Errorf("message %s was accepted %d times, and uncertain %d times", id, n, k.doubtful[id])
		}
	}
	for key, p := range k.people {
		k.comparePerson(s, key, p, round)
	}
	for _, l := range k.loads {
		k.compareLoad(s, l)
	}
	named := k.filesNaming(k.erased)
	for address, done := range k.erased {
		if !done && k.people[address].is != erased {
			continue
		}
		if found := s.named[address]; found != nil {
			k.t.Errorf("%s was erased, and is in %q", address, found)
		}
		if found := named[address]; found != nil && (done || !s.scrub) {
			k.t.Errorf("%s was erased, and is in %q", address, found)
		}
	}
}

// comparePerson compares what is known of somebody with the ledger, and resolves what was not
// answered.
func (k *torture) comparePerson(s *snapshot, key string, p *person, round int) {
	status, named := s.status[key], s.named[key]
	wrong := func(want string) {
		k.t.Errorf("%s is %q, want %s; in %q", p.address, status, want, named)
	}
	switch p.is {
	case pending:
		if status != "" || named == nil {
			wrong("a sign-up")
		}
	case perhapsPending:
		if status != "" {
			wrong("a sign-up or nothing")
		}
		if named != nil {
			p.is = pending
		}
	case perhapsSubscribed:
		if status != "" && status != "active" || named == nil {
			wrong("a sign-up or active")
		}
		p.is = pending
		if status == "active" {
			p.is, p.since = subscribed, round
		}
	case subscribed:
		if mayBounce := strings.HasPrefix(key, "gone") && status == "bounced"; status != "active" && !mayBounce {
			wrong("active")
		}
	case perhapsLeft, left:
		if status != "unsubscribed" && (p.is == left || status != "active") {
			wrong("unsubscribed")
		}
		if p.is = left; status == "active" {
			p.is = subscribed
		}
	case perhapsErased:
		if named == nil {
			p.is = erased
		} else if was := p.wasPending; (status == "") != was {
			wrong("as before, or erased")
		} else if p.is = subscribed; was {
			p.is = pending
		}
	case erased:
		if named != nil {
			wrong("erased")
		}
	}
}

// compareLoad compares an import with the ledger. It is whole or not there, once.
func (k *torture) compareLoad(s *snapshot, l *load) {
	records := s.imports[fmt.Sprintf("list%d.csv", l.n)]
	if len(records) > 1 {
		k.t.Errorf("list %d was imported %d times", l.n, len(records))
	}
	stands := len(records) == 1 && !records[0].undone
	switch {
	case len(records) == 0 && (l.done || l.number > 0):
		k.t.Errorf("import %d is gone; there are %+v", l.n, s.imports)
	case l.undone && stands:
		k.t.Errorf("import %d was undone, and stands", l.n)
	case l.done && !l.undoes && !stands:
		k.t.Errorf("import %d does not stand", l.n)
	}
	here, ended := 0, 0
	for i := range listRows {
		switch s.status[l.row(i)] {
		case "active":
			here++
		case "removed":
			ended++
		case "":
		default:
			k.t.Errorf("%s is %s", l.row(i), s.status[l.row(i)])
		}
	}
	if stands && here != listRows || !stands && here != 0 || len(records) == 0 && ended > 0 || stands && ended > 0 {
		k.t.Errorf("import %d: %d of %d rows are active, %d removed; its records are %+v", l.n, here, listRows, ended, records)
	}
	if len(records) == 1 {
		l.number, l.done, l.undone, l.unsure = records[0].number, true, records[0].undone, false
		l.undoes = l.undone
	}
}

// compareMails compares what everybody got in the end.
func (k *torture) compareMails(rounds int) {
	k.t.Helper()
	for key, p := range k.people {
		switch {
		case p.fate == stays || p.fate == signsUp && p.is == subscribed:
			var posts []string
			for round := p.since + 1; round <= rounds; round++ {
				posts = append(posts, fmt.Sprintf("Entry%dx", round))
			}
			k.got(key, posts...)
			if p.fate == signsUp {
				k.got(key, "welcome", "confirm")
			}
		case p.fate == signsUp && p.is == pending:
			k.got(key, "confirm")
		}
		if n := k.mails.count(key, "confirm"); n > 1 {
			k.t.Errorf("%s was asked %d times to confirm", p.address, n)
		}
	}
}

// got expects exactly one message with each of these, save where one was uncertain and is held.
func (k *torture) got(key string, all ...string) {
	k.t.Helper()
	var wrong []string
	for _, what := range all {
		if n := k.mails.count(key, what); n != 1 && (n != 0 || k.uncertain != "hold" || k.doubted[key] == 0) {
			wrong = append(wrong, fmt.Sprintf("%d with %s", n, what))
		}
	}
	if wrong != nil {
		k.t.Errorf("%s got %q messages, and was uncertain %d times", key, wrong, k.doubted[key])
	}
}

// summary says what happened.
func (k *torture) summary() string {
	counts := map[state]int{}
	for _, p := range k.people {
		counts[p.is]++
	}
	undone, done, mails, doubles := 0, 0, 0, 0
	for _, l := range k.loads {
		if l.done {
			done++
		}
		if l.undone {
			undone++
		}
	}
	for _, n := range k.mails.all() {
		mails += n
		doubles += n - 1
	}
	uncertain := 0
	for _, n := range k.doubtful {
		uncertain += n
	}
	return fmt.Sprintf("%d mails, %d uncertain, %d of them twice; %d subscribed, %d pending, %d left, %d erased; of %d imports %d done and %d undone",
		mails, uncertain, doubles, counts[subscribed], counts[pending], counts[left], counts[erased], len(k.loads), done, undone)
}
