package web

import (
	"context"
	"net/http"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/templates"
)

// showOwnFeeds shows a subscriber that they can read in a feed reader instead.
func (s *site) showOwnFeeds(w http.ResponseWriter, r *http.Request) {
	if b, ok := s.tokenHolder(w, r, mailtoken.Preferences); ok {
		s.ownFeeds(w, r, b, "", false)
	}
}

// changeOwnFeeds makes another address of a subscriber's own feed, or ends all of them.
func (s *site) changeOwnFeeds(w http.ResponseWriter, r *http.Request) {
	if !s.hasValidToken(w, r, mailtoken.Preferences) {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	act, token := form.Get("feed"), r.PathValue("token")
	if act != "make" && act != "end" {
		s.message(w, http.StatusBadRequest, templates.BadForm)
		return
	}
	secret := mailtoken.NewSecret()
	s.change(w, r, func(ctx context.Context) (answer, error) {
		b, found, err := s.findTokenHolder(ctx, mailtoken.Preferences, token)
		if err != nil || !found {
			return s.answerBadLink, err
		}
		made := ""
		if act == "make" && s.offersFeed(b.Subscriber) {
			var added bool
			if added, err = signups.AddOwnFeed(ctx, s.Ledger, b.ID, secret, s.Now()); added {
				made = s.ownFeedURL(secret)
			}
		} else if act == "end" {
			err = signups.EndOwnFeeds(ctx, s.Ledger, b.ID, s.Now())
		}
		if err != nil {
			return nil, about(b.Email, err)
		}
		return func(w http.ResponseWriter, r *http.Request) { s.ownFeeds(w, r, b, made, act == "end") }, nil
	})
}

// offersFeed reports whether a subscriber can have a feed of their own: it is made from Atom feeds.
func (s *site) offersFeed(sub *ledger.Subscriber) bool {
	return s.Config.Feeds.Atom != "" && s.Config.Server.URL != nil && sub.MayHaveFeed()
}

// ownFeedsURL returns the page about a subscriber's own feeds; "" if they cannot have one.
func (s *site) ownFeedsURL(b tokenHolder) string {
	if !s.offersFeed(b.Subscriber) {
		return ""
	}
	return b.preferencesURL + "/feed"
}

// ownFeeds shows what feeds of their own a subscriber has. made is the address of one that was
// just made: it is shown this once, because the ledger has only its hash.
func (s *site) ownFeeds(w http.ResponseWriter, r *http.Request, b tokenHolder, made string, ended bool) {
	if !s.offersFeed(b.Subscriber) {
		s.badLink(w)
		return
	}
	since, err := signups.OwnFeeds(r.Context(), s.Ledger, b.ID)
	if err != nil {
		s.fail(w, r, err, b.Email)
		return
	}
	data := &templates.OwnFeedPage{Frame: s.frameIn(b.Language), URL: s.ownFeedsURL(b), Made: made, Ended: ended,
		Count: len(since), Full: len(since) >= signups.MaxOwnFeeds}
	if len(since) > 0 {
		data.Since = since[len(since)-1].In(s.Config.Site.Timezone)
	}
	if b.subscribed() {
		data.PreferencesURL, data.UnsubscribeURL = b.preferencesURL, b.unsubscribeURL
	}
	s.page(w, r, "page-own-feed.html", data)
}
