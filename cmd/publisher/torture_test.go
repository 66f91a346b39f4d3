package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/racedetector"
	"publisher/internal/smtptest"
)

// Whenever serve is killed while people sign up, confirm, leave and have themselves erased, an
// edition goes out, and lists are imported, undone and erased by other processes, some of which
// are killed too: each of these is done or not, none is done twice, nobody of the edition is
// missed, and no file has an address that was erased.
func TestKilledWhileEverything(t *testing.T) {
	t.Parallel()
	kills, seed := 3, uint64(1)
	if racedetector.Enabled {
		kills = 1
	}
	for name, set := range map[string]func(string) error{
		"PUBLISHER_TORTURE": func(text string) (err error) { kills, err = strconv.Atoi(text); return err },
		"PUBLISHER_SEED":    func(text string) (err error) { seed, err = strconv.ParseUint(text, 10, 64); return err },
	} {
		if text := os.Getenv(name); text != "" {
			if err := set(text); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	for i, uncertain := range []string{"resend", "hold"} {
		t.Run(uncertain, func(t *testing.T) {
			t.Parallel()
			seed := seed + uint64(i)
			t.Logf("PUBLISHER_SEED=%d", seed)
			k := newTorture(t, uncertain, seed)
			for round := range kills {
				if k.round(round + 1); t.Failed() {
					t.Fatalf("after kill %d", round+1)
				}
			}
			k.finish(kills)
		})
	}
}

const (
	stayers   = 30 // who have every post mailed
	eachRound = 2  // of each kind of people whom something happens to, in each round
	listRows  = 100
)

// torture is a blog whose processes are killed again and again.
type torture struct {
	*served
	uncertain string
	lists     string // a folder outside the blog's, from that
	server    *smtptest.Server
	mails     *takenMails
	tokens    *mailtoken.Codec

	mu     sync.Mutex // guards what follows
	rng    *rand.Rand
	people map[string]*person // by address in lower case
	loads  []*load
	erased map[string]bool // addresses; false: an erasure was cut short
	// attempts are those that were cut short; doubtful and doubted how often a message was, by its
	// Message-ID without the proof, and somebody's.
	attempts          map[attempt]bool
	doubtful, doubted map[string]int
	networks          int
}

func newTorture(t *testing.T, uncertain string, seed uint64) *torture {
	k := &torture{uncertain: uncertain, mails: newTakenMails(), rng: rand.New(rand.NewPCG(seed, 0)),
		people: map[string]*person{}, erased: map[string]bool{}, attempts: map[attempt]bool{}, doubtful: map[string]int{}, doubted: map[string]int{}}
	server := smtptest.Start(t, smtptest.Options{Delay: 2 * time.Millisecond, Script: namingReplies, Took: k.mails.took})
	k.server = server
	k.served = newServed(t, strings.Replace(noticesConfig(server, uncertain, ""), "start:", "hold_above: 10000, max_posts: 1000, start:", 1), "")
	var err error
	if k.lists, err = filepath.Rel(k.dir, t.TempDir()); err != nil { // short, as the imports name it
		t.Fatal(err)
	}
	var all []string
	for i := range stayers {
		all = append(all, fmt.Sprintf("Stayer%d@Example.net", i))
	}
	k.add(stays, 0, all)
	k.must("subscribers", "add", "known@example.net") // whom each list changes
	k.served.t.Cleanup(func() {
		if t.Failed() {
			t.Logf("run again with PUBLISHER_SEED=%d", seed)
		}
	})
	k.tokens = tokensOf(k.t, testLedger{}, k.served.dir)
	return k
}

// namingReplies are a server's replies that repeat the address.
func namingReplies(e smtptest.Event) string {
	switch {
	case e.Verb == "RCPT" && strings.HasPrefix(strings.ToLower(e.Arg), "gone"):
		return "550 5.1.1 <" + e.Arg + ">: no such user"
	case e.Verb == "RCPT" && strings.HasPrefix(strings.ToLower(e.Arg), "full"):
		return "452 4.2.2 <" + e.Arg + ">: mailbox full"
	case e.Verb == "DOT" && strings.HasPrefix(strings.ToLower(e.Arg), "busy"):
		return "451 4.2.0 <" + e.Arg + ">: try later"
	case e.Verb == "DOT":
		return "250 2.0.0 <" + e.Arg + "> queued"
	}
	return ""
}

func (k *torture) publisher(args ...string) *exec.Cmd {
	cmd := exec.Command("publisher", args...)
	cmd.Dir = k.dir
	return cmd
}

func (k *torture) must(args ...string) {
	k.t.Helper()
	if out, err := k.publisher(args...).CombinedOutput(); err != nil {
		k.t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// chance is true one time in n.
func (k *torture) chance(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rng.IntN(n) == 0
}

// moment is a random time up to a limit.
func (k *torture) moment(limit time.Duration) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Duration(k.rng.Int64N(int64(limit)))
}

// add adds subscribers to whom something is to happen.
func (k *torture) add(fate fate, round int, addresses []string) {
	k.t.Helper()
	k.must(append([]string{"subscribers", "add"}, addresses...)...)
	for _, address := range addresses {
		k.people[strings.ToLower(address)] = &person{address: address, fate: fate, since: round, is: subscribed}
	}
}

// prepare brings a new post, and the people of a round.
func (k *torture) prepare(round int) {
	k.t.Helper()
	k.write(fmt.Sprintf("posts/entry%d.md", round), fmt.Sprintf("---\ntitle: Entry%dx\ndate: 2024-01-01\n---\nWords.\n", round))
	for fate, names := range map[fate][]string{leaves: {"Leaver"}, erasesItself: {"Shy"}, isErased: {"Full", "Busy", "Gone", "Plain"}} {
		var all []string
		for _, name := range names {
			for i := range eachRound {
				all = append(all, fmt.Sprintf("%s%d.%d@Example.org", name, round, i))
			}
		}
		k.add(fate, round, all)
	}
	k.learnIDs()
}

// round starts the program, does everything at once, and kills it.
func (k *torture) round(round int) {
	k.t.Helper()
	k.prepare(round)
	ctx, stop := context.WithCancel(k.t.Context())
	defer stop()
	k.launch()
	ready, logged := k.follow()
	var working sync.WaitGroup
	for _, work := range []func(context.Context, int){k.importLists, k.eraseByCommand} {
		working.Go(func() { work(ctx, round) })
	}
	working.Go(func() {
		select {
		case <-ready:
		case <-ctx.Done():
			return
		}
		for _, work := range []func(context.Context, int){k.signPeopleUp, k.confirmPeople, k.leave, k.eraseThemselves} {
			working.Go(func() { work(ctx, round) })
		}
	})
	k.awaitKill()
	if err := k.cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	_ = k.cmd.Wait()
	stop()
	working.Wait()
	k.checkLog(<-logged)
	k.compare(round)
}

// awaitKill waits for the moment of the kill: any, or one while mail goes out.
func (k *torture) awaitKill() {
	if k.chance(2) {
		time.Sleep(k.moment(1500 * time.Millisecond))
		return
	}
	k.mu.Lock()
	goal := k.server.Total() + 1 + k.rng.IntN(80)
	k.mu.Unlock()
	for wait := 0; wait < 5000 && k.server.Total() < goal; wait++ {
		time.Sleep(time.Millisecond)
	}
}

// follow reads the log, sets the server's address, and returns the whole log at its end.
func (k *torture) follow() (ready chan struct{}, logged chan []string) {
	ready, logged = make(chan struct{}), make(chan []string, 1)
	go func() {
		var all []string
		for line := range k.lines {
			if address, ok := line["address"].(string); ok && line["msg"] == "serving" {
				k.base = address
				close(ready)
			}
			all = append(all, fmt.Sprint(line))
		}
		logged <- all
	}()
	return ready, logged
}

func (k *torture) checkLog(lines []string) {
	k.t.Helper()
	for _, line := range lines {
		for _, domain := range []string{"@example.net", "@example.org", "@gmail.com"} {
			if strings.Contains(strings.ToLower(line), domain) {
				k.t.Errorf("an address is in the log: %s", line)
			}
		}
		if strings.Contains(line, "level:ERROR") || strings.Contains(line, "panic") {
			k.t.Errorf("logged: %s", line)
		}
	}
}

// finish lets everything end that was begun, and compares.
func (k *torture) finish(rounds int) {
	k.t.Helper()
	k.eraseTheRest()
	for range 2 {
		out, err := k.publisher("run").CombinedOutput()
		if err != nil && !strings.Contains(string(out), "uncertain") {
			k.t.Fatalf("%v\n%s", err, out)
		}
	}
	k.compare(rounds + 1)
	k.compareMails(rounds)
	for address, p := range k.people {
		if found := k.filesWith(address); found != nil && p.is == erased {
			k.t.Errorf("%s was erased, and is in %q", address, found)
		}
	}
	k.t.Logf("%d kills: %s", rounds, k.summary())
}

func (k *torture) listFile(n int) string { return filepath.Join(k.lists, fmt.Sprintf("list%d.csv", n)) }
