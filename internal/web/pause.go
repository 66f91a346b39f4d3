package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/subscription"
	"publisher/templates"
)

// pause pauses the subscription as the form says, or ends the pause.
func (s *site) pause(ctx context.Context, form url.Values, b tokenHolder) (answer, error) {
	until, ok := s.pauseEnd(form)
	if !ok {
		return s.answerPreferences(b, templates.PreferencesPage{PauseFault: true}), nil
	}
	email := b.Email
	after, changed, err := subscription.Do(ctx, s.Ledger, subscription.Request{Subscriber: b.ID, Proof: mailtoken.Preferences, Action: subscription.Pause, Until: until,
		DefaultCadence: s.Config.Digest.Default, At: s.Now()})
	if err != nil || after == nil {
		return s.answerBadLink, about(email, err)
	}
	b.Subscriber = after
	page := templates.PreferencesPage{}
	if changed {
		s.Log.Info("a subscriber changed a pause", "subscriber", b.ID, "until", after.PausedUntil)
		if !after.Paused(s.Now()) {
			page.Says = templates.PauseEnded
		}
	}
	return s.answerPreferences(b, page), nil
}

// pauseEnd returns when the pause that the form asks for ends; zero for at once. It reports
// false for what no page offers.
func (s *site) pauseEnd(form url.Values) (time.Time, bool) {
	now := s.Now().In(s.Config.Site.Timezone)
	switch form.Get("pause") {
	case "end":
		return time.Time{}, true
	case "week":
		return now.AddDate(0, 0, 7), true
	case "month":
		return now.AddDate(0, 1, 0), true
	case "day":
		from, to := pauseDays(now)
		day, err := time.ParseInLocation(time.DateOnly, form.Get("until"), now.Location())
		return day, err == nil && !day.Before(from) && !day.After(to)
	}
	return time.Time{}, false
}

// pauseDays returns the first and the last day until which a pause can last.
func pauseDays(now time.Time) (from, to time.Time) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	return today.AddDate(0, 0, 1), today.AddDate(1, 0, 0)
}

// showPause fills in the pause that there is, or what can be chosen.
func (s *site) showPause(data *templates.PreferencesPage, b tokenHolder) {
	now := s.Now().In(s.Config.Site.Timezone)
	if b.Paused(now) {
		data.PausedUntil = b.PausedUntil.In(now.Location())
	}
	from, to := pauseDays(now)
	data.PauseFrom, data.PauseTo = from.Format(time.DateOnly), to.Format(time.DateOnly)
}

// mailLink has a fresh link mailed to the address on file.
func (s *site) mailLink(ctx context.Context, b tokenHolder) (answer, error) {
	planned, err := signups.PlanManage(ctx, s.Ledger, b.ID, s.Now())
	if err != nil {
		return nil, about(b.Email, err)
	}
	says := templates.LinkEnough
	if planned {
		s.Log.Info("a subscriber asked for a fresh link", "subscriber", b.ID)
		s.signedUp()
		says = templates.LinkSent
	}
	if !b.subscribed() {
		return func(w http.ResponseWriter, r *http.Request) {
			s.endedPage(w, r, b, &templates.UnsubscribePage{State: templates.Ended, Says: says})
		}, nil
	}
	return s.answerPreferences(b, templates.PreferencesPage{Says: says}), nil
}
