package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"publisher/internal/ledger/mailtoken"
)

// runKilled runs a command and perhaps kills it. It reports whether it ended by itself.
func (k *torture) runKilled(args ...string) (ended bool) {
	cmd := k.publisher(args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		k.t.Error(err)
		return false
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	after := time.Minute
	if k.chance(3) {
		after = k.moment(200 * time.Millisecond)
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			k.t.Errorf("%q: %v\n%s", args, err, out.String())
		}
		return err == nil
	case <-timer.C:
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			k.t.Error(err)
		}
		err := <-done
		var exit *exec.ExitError
		if after == time.Minute || errors.As(err, &exit) && exit.ExitCode() > 0 {
			k.t.Errorf("%q: %v\n%s", args, err, out.String())
		}
		return err == nil
	}
}

// post sends a form or, with JSON, whatever it says. It returns status 0 if there was no answer.
func (k *torture) post(ctx context.Context, path, contentType, body string) (status int, text string) {
	k.mu.Lock()
	k.networks++
	network := k.networks
	k.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, "POST", k.base+path, strings.NewReader(body))
	if err != nil {
		k.t.Error(err)
		return 0, ""
	}
	r.Header.Set("Content-Type", contentType)
	if contentType == "application/json" {
		r.Header.Set("Accept", contentType)
	}
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.%d.%d.7", network/256, network%256))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	var page strings.Builder
	if _, err := fmt.Fprint(&page, k.page(answer)); err != nil || page.Len() == 0 {
		return 0, ""
	}
	return answer.StatusCode, page.String()
}

// signPeopleUp signs new people up, and some of the earlier ones again.
func (k *torture) signPeopleUp(ctx context.Context, round int) {
	for i := 0; i < 8 && ctx.Err() == nil; i++ {
		address := fmt.Sprintf("New%d.%d@Gmail.com", round, i)
		if old := k.some(signsUp, pending); i%3 == 2 && old != nil {
			address = old.address
		}
		status, text := k.post(ctx, "/subscribe", "application/json", `{"email":"`+address+`"}`)
		if status != 0 && status != http.StatusAccepted {
			k.t.Errorf("signing up: %d %s", status, text)
		}
		var answer struct{ Request string }
		if status != 0 && json.Unmarshal([]byte(text), &answer) != nil {
			status = 0 // cut short
		}
		k.mu.Lock()
		p := k.people[strings.ToLower(address)]
		if p == nil {
			p = &person{address: address, fate: signsUp, is: perhapsPending}
			if k.rng.IntN(4) == 0 {
				p.fate = isErased
			}
			k.people[strings.ToLower(address)] = p
		}
		if status != 0 && p.is == perhapsPending {
			p.is, p.request = pending, answer.Request
		}
		k.mu.Unlock()
	}
}

// confirmPeople confirms the sign-ups whose mail has come, by link or by code.
func (k *torture) confirmPeople(ctx context.Context, round int) {
	for ctx.Err() == nil {
		for _, mail := range k.mails.fresh("confirm") {
			k.mu.Lock()
			p := k.people[strings.ToLower(mail.to)]
			wants := p != nil && p.fate == signsUp && (p.is == pending || p.is == perhapsPending || p.is == perhapsSubscribed)
			request := ""
			if wants && p.is == pending {
				request = p.request
			}
			k.mu.Unlock()
			if !wants || k.chance(4) {
				continue
			}
			path, contentType, body := "/confirm/"+mail.link, "application/x-www-form-urlencoded", ""
			if request != "" && k.chance(2) {
				path, contentType, body = "/confirm/"+request, "application/json", `{"code":"`+mail.code+`"}`
			}
			status, text := k.post(ctx, path, contentType, body)
			k.mu.Lock()
			if status == 0 {
				p.is = perhapsSubscribed
				k.mails.again(mail)
			} else if status == http.StatusOK {
				p.is, p.since = subscribed, round
			}
			k.mu.Unlock()
			if status != 0 && status != http.StatusOK {
				k.t.Errorf("confirming %s: %d %s", mail.to, status, text)
			}
		}
		rest(ctx)
	}
}

// rest waits a little, as the mails that this waits for do.
func rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Millisecond):
	}
}

// leave unsubscribes people by one click.
func (k *torture) leave(ctx context.Context, round int) {
	for p := k.some(leaves, subscribed); p != nil && ctx.Err() == nil; p = k.some(leaves, subscribed) {
		status, text := k.post(ctx, "/unsubscribe/"+k.tokens.Link(mailtoken.Unsubscribe, p.id), "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
		k.mu.Lock()
		switch status {
		case 0:
			p.is = perhapsLeft
		case http.StatusOK:
			p.is = left
		default:
			k.t.Errorf("leaving: %d %s", status, text)
		}
		k.mu.Unlock()
	}
}

// eraseThemselves has people erased by a fresh link from a mail.
func (k *torture) eraseThemselves(ctx context.Context, round int) {
	p := k.some(erasesItself, subscribed)
	if p == nil {
		return
	}
	if p.link == "" && !p.asked {
		status, text := k.post(ctx, "/preferences/"+k.tokens.Link(mailtoken.Preferences, p.id), "application/x-www-form-urlencoded", "manage=1")
		if status != 0 && status != http.StatusOK {
			k.t.Errorf("asking for a fresh link: %d %s", status, text)
		}
		p.asked = status == http.StatusOK
	}
	for ; p.link == "" && ctx.Err() == nil; rest(ctx) {
		for _, mail := range k.mails.fresh("manage") {
			k.mu.Lock()
			k.people[strings.ToLower(mail.to)].link = mail.link
			k.mu.Unlock()
		}
	}
	if p.link == "" {
		return
	}
	k.mu.Lock()
	k.erased[strings.ToLower(p.address)] = false
	k.mu.Unlock()
	status, text := k.post(ctx, "/manage/"+p.link, "application/x-www-form-urlencoded", url.Values{"act": {"erase"}, "sure": {"1"}}.Encode())
	switch {
	case status == 0:
		k.set(p, perhapsErased)
	case status == http.StatusOK && strings.Contains(text, "Everything is erased"):
		k.wasErased(p)
	case strings.Contains(text, "</html>"):
		k.t.Errorf("erasing %s: %d %s", p.address, status, text)
	}
}

func (k *torture) set(p *person, is state) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p.is = is
}

// wasErased looks for an address that was just erased.
func (k *torture) wasErased(p *person) {
	k.mu.Lock()
	p.is, k.erased[strings.ToLower(p.address)] = erased, true
	k.mu.Unlock()
	if found := k.filesWith(p.address); found != nil {
		k.t.Errorf("%s was erased, and is in %q", p.address, found)
	}
}

// eraseByCommand erases people of every kind, in one process for two.
func (k *torture) eraseByCommand(ctx context.Context, _ int) {
	for ctx.Err() == nil {
		var all []*person
		args := []string{"subscribers", "erase"}
		for _, is := range []state{subscribed, pending, subscribed} {
			if p := k.some(isErased, is); p != nil && (len(all) == 0 || p != all[0]) {
				all = append(all, p)
				args = append(args, p.address)
				k.mu.Lock()
				p.wasPending, p.is, k.erased[strings.ToLower(p.address)] = p.is == pending, perhapsErased, false
				k.mu.Unlock()
			}
		}
		if all == nil {
			return
		}
		ended := k.runKilled(args...)
		for _, p := range all {
			if ended {
				k.wasErased(p)
			}
		}
		if !ended {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(k.moment(300 * time.Millisecond)):
		}
	}
}

// eraseTheRest erases, undisturbed, those whose erasure was begun, and those to whom no mail can
// be delivered.
func (k *torture) eraseTheRest() {
	args := []string{"subscribers", "erase"}
	for _, p := range k.people {
		if p.fate == isErased && p.is != erased && (p.is == subscribed || p.is == pending) {
			args, p.is, k.erased[strings.ToLower(p.address)] = append(args, p.address), erased, true
		}
	}
	if len(args) > 2 {
		k.must(args...)
	}
}

// importLists imports a new list, or undoes an import.
func (k *torture) importLists(ctx context.Context, _ int) {
	for ctx.Err() == nil {
		k.mu.Lock()
		var undo *load
		standing := 0
		for _, l := range k.loads {
			if l.number > 0 && !l.undone && !l.unsure {
				undo = l
				standing++
			}
		}
		if standing == 1 && k.rng.IntN(2) == 0 {
			undo = nil // two imports in a row
		}
		k.mu.Unlock()
		if undo != nil {
			undo.unsure, undo.undoes = true, true
			if k.runKilled("subscribers", "undo", strconv.FormatInt(undo.number, 10)) {
				undo.unsure, undo.undone = false, true
				continue
			}
			return
		}
		l := k.newLoad()
		if !k.runKilled("subscribers", "import", k.listFile(l.n)) {
			return
		}
		l.unsure, l.done = false, true
		if k.learnNumber(l); l.number == 0 {
			k.t.Errorf("import %d is not among the imports", l.n)
			return
		}
	}
}

// newLoad writes a list of new subscribers, and of one whom it changes.
func (k *torture) newLoad() *load {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := &load{n: len(k.loads) + 1, unsure: true}
	k.loads = append(k.loads, l)
	var list strings.Builder
	fmt.Fprintf(&list, "email,name\nknown@example.net,Name %d\n", l.n)
	for i := range listRows {
		fmt.Fprintf(&list, "%s,Row\n", l.row(i))
	}
	if err := os.WriteFile(filepath.Join(k.dir, k.listFile(l.n)), []byte(list.String()), 0o600); err != nil {
		k.t.Error(err)
	}
	return l
}
