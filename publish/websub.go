package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"publisher/feed"
)

const (
	// hubTimeout is for one notification. A hub only notes that it is to fetch.
	hubTimeout = 10 * time.Second
	// hubShare is how long a slow hub may keep a pass waiting; the next one goes on.
	hubShare = 30 * time.Second
	// A hub that fails is tried again after a minute, then two, four and so on.
	firstHubPause, longestHubPause = time.Minute, 4 * time.Hour
)

// hubMemo is what the ledger remembers of one WebSub hub: what it was told last,
// rather than what it is to be told, so that a crash at any moment loses nothing.
type hubMemo struct {
	Told  map[string]string // a feed's path → hash of the bytes that the hub knows of
	Fails int               `json:",omitempty"` // in a row
	Next  time.Time         `json:",omitzero"`  // when to try again
}

// tellHubs tells each hub of the feeds that have changed since it was last told
// (WebSub, https://www.w3.org/TR/websub/). A hub that fails is a warning: nothing
// is lost but time, and the next pass tries again.
func (s *pass) tellHubs(ctx context.Context) error {
	last, err := s.hubs(ctx)
	if err != nil || !s.live || len(last)+len(s.cfg.Feeds.Hubs) == 0 {
		return err
	}
	feeds, err := s.lastFeeds(ctx)
	if err != nil {
		return err
	}
	next := make(map[string]*hubMemo, len(s.cfg.Feeds.Hubs))
	errs := make([]error, len(s.cfg.Feeds.Hubs))
	var telling sync.WaitGroup
	for i, hub := range s.cfg.Feeds.Hubs {
		if next[hub] != nil {
			continue // named twice
		}
		memo := last[hub]
		if memo == nil {
			memo = &hubMemo{}
		}
		next[hub] = memo
		telling.Go(func() { errs[i] = s.tellHub(ctx, hub, memo, feeds.Files) })
	}
	telling.Wait()
	if err := s.saveHubs(context.WithoutCancel(ctx), next); err != nil || ctx.Err() != nil {
		return cmp.Or(err, ctx.Err())
	}
	for i, hub := range s.cfg.Feeds.Hubs {
		if errs[i] != nil {
			s.report.warn(s.cfg.File, 0, fmt.Sprintf("feeds.hubs: %s could not be told of changed feeds: %v; it is tried again from %s on",
				hub, errs[i], next[hub].Next.In(s.cfg.Site.Timezone).Format("15:04 MST")))
		}
	}
	return nil
}

// tellHub tells one hub, and notes in its memo how far that came.
func (s *pass) tellHub(ctx context.Context, hub string, memo *hubMemo, files []feedFile) error {
	told := map[string]string{}
	var changed []feedFile
	for _, f := range files {
		switch known := memo.Told[f.Path]; {
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
	memo.Told = told
	if len(changed) == 0 || s.start.Before(memo.Next) {
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
				memo.Next = s.start.Add(min(firstHubPause<<min(memo.Fails, 10), longestHubPause))
				memo.Fails++
			}
			return err
		}
		told[f.Path] = shortHash(f)
	}
	memo.Fails, memo.Next = 0, time.Time{}
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

func shortHash(f feedFile) string { return f.SHA256[:min(16, len(f.SHA256))] }

func (s *pass) hubs(ctx context.Context) (map[string]*hubMemo, error) {
	data, err := s.ledger.Memo(ctx, memoHubs)
	if err != nil || data == nil {
		return nil, err
	}
	var hubs map[string]*hubMemo
	if err := json.Unmarshal(data, &hubs); err != nil {
		return nil, fmt.Errorf("the ledger's list of hubs: %w", err)
	}
	return hubs, nil
}

func (s *pass) saveHubs(ctx context.Context, hubs map[string]*hubMemo) error {
	var data []byte // none
	if len(hubs) > 0 {
		var err error
		if data, err = json.Marshal(hubs); err != nil {
			return fmt.Errorf("remembering the hubs: %w", err)
		}
	}
	if last, err := s.ledger.Memo(ctx, memoHubs); err != nil || string(last) == string(data) {
		return err
	}
	return s.ledger.SetMemo(ctx, memoHubs, data)
}

// nextHub is when a hub that failed is to be tried again; zero for none.
func (s *pass) nextHub(ctx context.Context) (time.Time, error) {
	hubs, err := s.hubs(ctx)
	var next time.Time
	for _, memo := range hubs {
		if !memo.Next.IsZero() && (next.IsZero() || memo.Next.Before(next)) {
			next = memo.Next
		}
	}
	return next, err
}
