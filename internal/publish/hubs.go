package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"publisher/feed"
	"publisher/internal/ledger"
)

const (
	// hubTimeout is for one notification. A hub only notes that it is to fetch.
	hubTimeout = 10 * time.Second
	// hubShare is how long a slow hub may keep a pass waiting; the next one goes on.
	hubShare = 30 * time.Second
	// A hub that fails is tried again after a minute, then two, four and so on.
	firstHubPause, longestHubPause = time.Minute, 4 * time.Hour
)

// tellHubs tells each hub of the feeds that have changed since it was last told
// (WebSub, https://www.w3.org/TR/websub/). A hub that fails is a warning: nothing
// is lost but time, and the next pass tries again.
func (s *pass) tellHubs(ctx context.Context) error {
	last, err := s.ledger.Hubs(ctx)
	if err != nil || !s.live || len(last)+len(s.cfg.Feeds.Hubs) == 0 {
		return err
	}
	feeds, err := s.ledger.FeedState(ctx)
	if err != nil {
		return err
	}
	next := make(map[string]*ledger.Hub, len(s.cfg.Feeds.Hubs))
	errs := make([]error, len(s.cfg.Feeds.Hubs))
	var telling sync.WaitGroup
	for i, hub := range s.cfg.Feeds.Hubs {
		if next[hub] != nil {
			continue // named twice
		}
		state := last[hub]
		next[hub] = &state
		telling.Go(func() { errs[i] = s.tellHub(ctx, hub, &state, feeds.Files) })
	}
	telling.Wait()
	if err := s.saveHubs(context.WithoutCancel(ctx), next); err != nil || ctx.Err() != nil {
		return cmp.Or(err, ctx.Err())
	}
	for i, hub := range s.cfg.Feeds.Hubs {
		if errs[i] != nil {
			s.report.Warn(s.cfg.File, 0, fmt.Sprintf("feeds.hubs: %s could not be told of changed feeds: %v; it is tried again from %s on",
				hub, errs[i], next[hub].Next.In(s.cfg.Site.Timezone).Format("15:04 MST")))
		}
	}
	return nil
}

// tellHub tells one hub, and notes in its state how far that came.
func (s *pass) tellHub(ctx context.Context, hub string, state *ledger.Hub, files []ledger.FeedFile) error {
	told := map[string]string{}
	var changed []ledger.FeedFile
	for _, f := range files {
		switch known := state.Notified[f.Path]; {
		case f.SHA256 == "" || feed.Topic(s.cfg, f.Path) == "":
		case known == shortHash(f):
			told[f.Path] = known
		default:
			changed = append(changed, f)
			if known != "" {
				told[f.Path] = known
			}
		}
	}
	state.Notified = told
	if len(changed) == 0 || s.start.Before(state.Next) {
		return nil
	}
	client := &http.Client{Timeout: hubTimeout, CheckRedirect: samePost}
	defer client.CloseIdleConnections()
	end := time.Now().Add(hubShare)
	for _, f := range changed {
		if time.Now().After(end) {
			return nil
		}
		if err := notify(ctx, client, hub, feed.Topic(s.cfg, f.Path)); err != nil {
			if ctx.Err() == nil {
				state.Next = s.start.Add(min(firstHubPause<<min(state.Failures, 10), longestHubPause))
				state.Failures++
			}
			return err
		}
		told[f.Path] = shortHash(f)
	}
	state.Failures, state.Next = 0, time.Time{}
	return nil
}

// notify tells a hub of one feed. The Recommendation leaves the form to hub and
// publisher; this is what they have agreed on since PubSubHubbub 0.4, under both
// names that hubs know.
func notify(ctx context.Context, client *http.Client, hub, topic string) error {
	form := url.Values{"hub.mode": {"publish"}, "hub.url": {topic}, "hub.topic": {topic}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hub, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "publisher")
	response, err := client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			return wrapped.Err // the warning names the hub
		}
		return err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // what it says of a failure, if anything
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s %q", response.Status, strings.TrimSpace(string(answer)))
	}
	return nil
}

// samePost follows only redirections that keep the form (307, 308).
func samePost(request *http.Request, via []*http.Request) error {
	if request.Method != http.MethodPost || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}

func shortHash(f ledger.FeedFile) string { return f.SHA256[:min(16, len(f.SHA256))] }

func (s *pass) saveHubs(ctx context.Context, hubs map[string]*ledger.Hub) error {
	next := make(map[string]ledger.Hub, len(hubs))
	for url, state := range hubs {
		next[url] = *state
	}
	return s.ledger.SaveHubs(ctx, next)
}

// nextHub is when a hub that failed is to be tried again; zero for none.
func (s *pass) nextHub(ctx context.Context) (time.Time, error) {
	hubs, err := s.ledger.Hubs(ctx)
	var next time.Time
	for _, state := range hubs {
		if !state.Next.IsZero() && (next.IsZero() || state.Next.Before(next)) {
			next = state.Next
		}
	}
	return next, err
}
