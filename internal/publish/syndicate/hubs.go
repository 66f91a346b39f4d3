package syndicate

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
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/report"
)

const (
	// hubTimeout is for one notification, after which a hub fetches the feed by itself.
	hubTimeout = 10 * time.Second
	// maxHubTime is how long a slow hub may keep a pass waiting; the next pass continues.
	maxHubTime = 30 * time.Second
	// A hub that fails is tried again after a minute, then two, four and so on.
	firstHubPause, longestHubPause = time.Minute, 4 * time.Hour
)

// Hubs are those that are notified of changed feeds (WebSub,
// https://www.w3.org/TR/websub/).
type Hubs struct {
	cfg    *config.Config
	ledger *ledger.Ledger
}

// NewHubs returns the hubs of a config.
func NewHubs(cfg *config.Config, l *ledger.Ledger) *Hubs { return &Hubs{cfg, l} }

// Notify notifies each hub of the feeds that have changed since it was last notified. A hub
// that fails is a warning: the next pass tries again.
func (h *Hubs) Notify(ctx context.Context, now time.Time) ([]report.Warning, error) {
	last, err := passstate.LoadHubs(ctx, h.ledger)
	if err != nil || len(last)+len(h.cfg.Feeds.Hubs) == 0 {
		return nil, err
	}
	feeds, err := passstate.LoadFeedState(ctx, h.ledger)
	if err != nil {
		return nil, err
	}
	next := make(map[string]*passstate.Hub, len(h.cfg.Feeds.Hubs))
	errs := make([]error, len(h.cfg.Feeds.Hubs))
	var notifying sync.WaitGroup
	for i, hub := range h.cfg.Feeds.Hubs {
		if next[hub] != nil {
			continue // named twice
		}
		state := last[hub]
		next[hub] = &state
		notifying.Go(func() { errs[i] = h.notifyOne(ctx, hub, &state, feeds.Files, now) })
	}
	notifying.Wait()
	if err := h.save(context.WithoutCancel(ctx), next); err != nil || ctx.Err() != nil {
		return nil, cmp.Or(err, ctx.Err())
	}
	var warnings []report.Warning
	for i, hub := range h.cfg.Feeds.Hubs {
		if errs[i] != nil {
			warnings = append(warnings, report.Warning{Path: h.cfg.File, Message: fmt.Sprintf("feeds.hubs: cannot notify %s of changed feeds: %v; trying again from %s on",
				hub, errs[i], next[hub].Next.In(h.cfg.Site.Timezone).Format("15:04 MST"))})
		}
	}
	return warnings, nil
}

// notifyOne notifies one hub, and notes in its state how far that came.
func (h *Hubs) notifyOne(ctx context.Context, hub string, state *passstate.Hub, files []passstate.FeedFile, now time.Time) error {
	notified := map[string]string{}
	var changed []passstate.FeedFile
	for _, f := range files {
		switch known := state.Notified[f.Path]; {
		case f.SHA256 == "" || feed.Topic(h.cfg, f.Path) == "":
		case known == shortHash(f):
			notified[f.Path] = known
		default:
			changed = append(changed, f)
			if known != "" {
				notified[f.Path] = known
			}
		}
	}
	state.Notified = notified
	if len(changed) == 0 || now.Before(state.Next) {
		return nil
	}
	client := &http.Client{Timeout: hubTimeout, CheckRedirect: samePost}
	defer client.CloseIdleConnections()
	end := time.Now().Add(maxHubTime)
	for _, f := range changed {
		if time.Now().After(end) {
			return nil
		}
		if err := notify(ctx, client, hub, feed.Topic(h.cfg, f.Path)); err != nil {
			if ctx.Err() == nil {
				state.Next = now.Add(min(firstHubPause<<min(state.Failures, 10), longestHubPause))
				state.Failures++
			}
			return err
		}
		notified[f.Path] = shortHash(f)
	}
	state.Failures, state.Next = 0, time.Time{}
	return nil
}

// notify notifies a hub of one feed. The Recommendation leaves the form to hub and
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
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // what it says about a failure, if anything
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the hub answered %s %q", response.Status, strings.TrimSpace(string(answer)))
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

func shortHash(f passstate.FeedFile) string { return f.SHA256[:min(16, len(f.SHA256))] }

func (h *Hubs) save(ctx context.Context, hubs map[string]*passstate.Hub) error {
	next := make(map[string]passstate.Hub, len(hubs))
	for url, state := range hubs {
		next[url] = *state
	}
	return passstate.SaveHubs(ctx, h.ledger, next)
}

// NextTry returns when a hub that failed is to be tried again; zero for none.
func (h *Hubs) NextTry(ctx context.Context) (time.Time, error) {
	hubs, err := passstate.LoadHubs(ctx, h.ledger)
	var next time.Time
	for _, state := range hubs {
		if !state.Next.IsZero() && (next.IsZero() || state.Next.Before(next)) {
			next = state.Next
		}
	}
	return next, err
}
