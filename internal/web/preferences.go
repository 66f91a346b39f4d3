package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
	"publisher/templates"
)

func (s *site) showPreferences(w http.ResponseWriter, r *http.Request) {
	if b, ok := s.tokenHolder(w, r, mailtoken.Preferences); ok {
		s.preferences(w, r, b, templates.PreferencesPage{}, nil)
	}
}

// setPreferences saves the choices of the form.
func (s *site) setPreferences(w http.ResponseWriter, r *http.Request) {
	if !s.hasValidToken(w, r, mailtoken.Preferences) {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	token := r.PathValue("token")
	s.change(w, r, func(ctx context.Context) (answer, error) {
		b, found, err := s.findTokenHolder(ctx, mailtoken.Preferences, token)
		switch {
		case err != nil || !found:
			return s.answerBadLink, err
		case form.Has("manage"):
			return s.mailLink(ctx, b)
		case form.Has("pause"):
			return s.pause(ctx, form, b)
		}
		if !subscription.May(b.Subscriber, mailtoken.Preferences, subscription.Choose, s.Now()) {
			return s.answerPreferences(b, templates.PreferencesPage{}), nil
		}
		choice, fault, err := s.chosen(ctx, form, b)
		if err != nil {
			return nil, about(b.Email, err)
		}
		if fault.field != "" {
			return func(w http.ResponseWriter, r *http.Request) {
				s.preferences(w, r, b, templates.PreferencesPage{Fault: fault.field, Wrong: cleanReason(fault.value)}, form)
			}, nil
		}
		return s.savePreferences(ctx, b, choice)
	})
}

func (s *site) savePreferences(ctx context.Context, b tokenHolder, choice ledger.Choice) (answer, error) {
	email := b.Email
	found, err := s.Ledger.SetPreferences(ctx, email, choice, s.Config.Digest.Default, s.Now())
	if found && err == nil {
		b.Subscriber, err = s.Ledger.SubscriberByID(ctx, b.ID)
	}
	if err != nil || !found || b.Subscriber == nil {
		return s.answerBadLink, about(email, err)
	}
	s.Log.Info("a subscriber changed preferences", "subscriber", b.ID)
	return s.answerPreferences(b, templates.PreferencesPage{Saved: true}), nil
}

func (s *site) answerPreferences(b tokenHolder, page templates.PreferencesPage) answer {
	return func(w http.ResponseWriter, r *http.Request) { s.preferences(w, r, b, page, nil) }
}

// choiceFault is a choice that was not offered; the zero value for none.
type choiceFault struct{ field, value string }

// chosen returns the choices of the form, or the first that is not among those offered.
func (s *site) chosen(ctx context.Context, form url.Values, b tokenHolder) (c ledger.Choice, fault choiceFault, err error) {
	var ok bool
	if c.Cadence, ok = s.chosenCadence(form, b); !ok {
		return c, choiceFault{"cadence", *c.Cadence}, nil
	}
	if c.Language, ok = s.chosenLanguage(form, b); !ok {
		return c, choiceFault{"language", *c.Language}, nil
	}
	c.Tags, fault, err = s.chosenTags(ctx, form, b)
	return c, fault, err
}

// chosenCadence returns the chosen cadence, or nil if it stays the same. A subscriber who
// keeps the default follows it when the owner changes it.
func (s *site) chosenCadence(form url.Values, b tokenHolder) (cadence *string, ok bool) {
	chosen := form.Get("cadence")
	if chosen == "" || chosen == s.cadenceOf(b) {
		return nil, true
	}
	_, ok = s.Config.Cadence(chosen)
	return &chosen, ok
}

// chosenLanguage returns the chosen language, or nil if it stays the same. A subscriber who
// reads a variety of an offered language keeps it.
func (s *site) chosenLanguage(form url.Values, b tokenHolder) (language *string, ok bool) {
	chosen := form.Get("language")
	if chosen == "" || chosen == s.languageOf(b) {
		return nil, true
	}
	return &chosen, slices.Contains(s.Config.AllLanguages(), chosen)
}

// languageOf returns the language of the subscriber's digests.
func (s *site) languageOf(b tokenHolder) string {
	return s.Config.SiteIn(s.Config.LanguageOf(b.Language)).Language
}

// chosenTags returns the chosen tags as they are offered, or nil if the form does not choose any.
// A form that offers tags, of which none is chosen, chooses none.
func (s *site) chosenTags(ctx context.Context, form url.Values, b tokenHolder) (*[]string, choiceFault, error) {
	if !form.Has("tags") && !form.Has("tag") {
		return nil, choiceFault{}, nil
	}
	offered, err := s.offeredTags(ctx, b)
	if err != nil {
		return nil, choiceFault{}, err
	}
	for _, tag := range form["tag"] {
		if !has(offered, tag) {
			return nil, choiceFault{"tag", tag}, nil
		}
	}
	tags := slices.DeleteFunc(offered, func(tag string) bool { return !has(form["tag"], tag) })
	return &tags, choiceFault{}, nil
}

// preferences shows the subscriber's choices, or, if the subscription has ended, that. page has
// what came of a request, and typed, unless it is nil, what is to be chosen again.
func (s *site) preferences(w http.ResponseWriter, r *http.Request, b tokenHolder, page templates.PreferencesPage, typed url.Values) {
	if !b.subscribed() {
		s.subscription(w, r, b, templates.Ended)
		return
	}
	tags, err := s.offeredTags(r.Context(), b)
	if err != nil {
		s.fail(w, r, err, b.Email)
		return
	}
	data := &page
	data.Frame, data.Address, data.URL, data.UnsubscribeURL = s.frameIn(b.Language), masked(b.Email), b.preferencesURL, b.unsubscribeURL
	s.showPause(data, b)
	for _, c := range s.Config.Digest.Cadences {
		data.Cadences = append(data.Cadences, templates.Choice{Value: c.Name, Chosen: c.Name == s.cadenceOf(b)})
	}
	for _, tag := range s.Config.AllLanguages() {
		data.Languages = append(data.Languages, templates.Choice{Value: tag, Chosen: tag == s.languageOf(b)})
	}
	for _, tag := range tags {
		data.Tags = append(data.Tags, templates.Choice{Value: tag, Label: tag, Chosen: has(b.Tags, tag)})
	}
	if typed != nil {
		choose(data.Cadences, typed["cadence"])
		choose(data.Languages, typed["language"])
		for i, tag := range data.Tags {
			data.Tags[i].Chosen = has(typed["tag"], tag.Value)
		}
	}
	data.FeedURL = s.ownFeedsURL(b)
	status := http.StatusOK
	if data.Fault != "" || data.PauseFault {
		status = http.StatusUnprocessableEntity
	}
	s.pageWith(w, r, status, "page-preferences.html", data)
}

// cadenceOf returns the subscriber's cadence, or the default if theirs is no longer
// configured.
func (s *site) cadenceOf(b tokenHolder) string {
	if _, known := s.Config.Cadence(b.Cadence); known {
		return b.Cadence
	}
	return s.Config.Digest.Default
}

// offeredTags returns the tags of the publication and of the subscriber, each once.
func (s *site) offeredTags(ctx context.Context, b tokenHolder) ([]string, error) {
	var all []string
	if s.Tags != nil {
		var err error
		if all, err = s.Tags(ctx, b.Language); err != nil {
			return nil, err
		}
	}
	var offered []string
	for _, tag := range slices.Concat(all, b.Tags) {
		if !has(offered, tag) {
			offered = append(offered, tag)
		}
	}
	return offered, nil
}

// has reports whether tags contain tag, ignoring case as subscriptions do.
func has(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, tag) })
}
