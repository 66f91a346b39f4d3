package smtp

import "testing"

// refuse has the server ask for less in an answer to what goes out now.
func (t *throttle) refuse() { t.slow(t.begin(t.limit()), true) }

func (t *throttle) take(n int) {
	for range n {
		t.took()
	}
}

func TestThrottle(t *testing.T) {
	th := newThrottle(8)
	check := func(want int, what string) {
		t.Helper()
		if got := th.limit(); got != want {
			t.Errorf("%d connections %s, want %d", got, what, want)
		}
	}
	check(8, "at first")
	early, unfair := th.begin(8), th.begin(9)
	th.refuse()
	th.slow(early, true)
	check(4, "after one burst")
	th.slow(unfair, true)
	th.slow(th.begin(5), true)
	check(4, "when more were open than allowed")
	th.refuse()
	th.refuse()
	th.refuse()
	check(1, "after several")
	if got := th.pauses(); got != 1 {
		t.Errorf("even one was too much %d times, want once", got)
	}
	th.take(recovery)
	check(2, "when the server takes mail again")
	if got := th.pauses(); got != 0 {
		t.Errorf("even one is too much %d times, want never", got)
	}
	th.take(100 * trusted)
	check(8, "in the end")
	th.denied(3)
	check(3, "beside which none could be had")
}

// It finds the number that is borne in a few steps, and then seldom tries more.
func TestThrottleFindsTheMostThatIsBorne(t *testing.T) {
	for _, most := range []int{1, 2, 3, 10, 100, 1000} {
		for borne := 1; borne <= most; borne += 1 + borne/4 {
			th := newThrottle(most)
			refused, over := 0, 0
			for taken := 0; taken < 20000+100*most; {
				if th.limit() > borne {
					refused++
					th.refuse()
					continue
				}
				if th.took(); taken > 10000+100*most && th.limit() > borne {
					over++
				}
				taken++
			}
			if got := th.limit(); got != borne && got != borne+1 && most != borne {
				t.Errorf("of %d connections %d are borne, %d are open", most, borne, got)
			}
			if refused > 60 || over > 6 {
				t.Errorf("of %d connections %d are borne: too many were open %d times, %d of them in the end", most, borne, refused, over)
			}
		}
	}
}

func TestThrottleBeginsWhereItEnded(t *testing.T) {
	th := newThrottle(10)
	th.restore(3)
	th.take(recovery - 1)
	if got := th.limit(); got != 3 {
		t.Errorf("%d connections, want 3", got)
	}
	th.take(1)
	if got := th.limit(); got != 4 {
		t.Errorf("%d connections, want one more", got)
	}
	th.refuse()
	if got := th.limit(); got != 3 {
		t.Errorf("%d connections, want 3 again", got)
	}
	th.take(recovery)
	if got := th.limit(); got != 3 {
		t.Errorf("%d connections so soon after a try in vain, want 3", got)
	}
	th.refuse()
	if got := th.limit(); got != 1 {
		t.Errorf("%d connections where those that were borne are not any more, want 1", got)
	}
}

// Where the number of connections is not what the server minds, it gets more of them only
// slowly.
func TestThrottleIsCautious(t *testing.T) {
	th := newThrottle(8)
	th.slow(th.begin(8), false)
	for _, want := range []int{4, 5, 6} {
		if got := th.limit(); got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
		th.take(recovery)
	}
	th.slow(th.begin(7), false)
	if got := th.limit(); got != 6 {
		t.Errorf("%d connections, want 6, which worked", got)
	}
	th.take(recovery)
	if got := th.limit(); got != 6 {
		t.Errorf("%d connections so soon after 7 were too many, want 6", got)
	}
}
