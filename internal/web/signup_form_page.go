package web

import (
	"context"
	"net/url"
	"slices"

	"publisher/templates"
)

// signupForm returns the form in a language, with nothing filled in.
func (s *site) signupForm(ctx context.Context, language string) (*templates.SignupForm, error) {
	f := &templates.SignupForm{URL: s.base + "/subscribe", AskName: s.Config.Signup.AskName, Made: s.Now().Unix()}
	for _, c := range s.Config.Digest.Cadences {
		f.Cadences = append(f.Cadences, templates.Choice{Value: c.Name, Chosen: c.Name == s.Config.Digest.Default})
	}
	own := s.frameIn(language).Site.Language
	for _, tag := range s.Config.AllLanguages() {
		f.Languages = append(f.Languages, templates.Choice{Value: tag, Chosen: tag == own})
	}
	if len(f.Languages) > 0 {
		return f, nil // which tags there are depends on the language: the preferences offer them
	}
	tags, err := s.allTags(ctx)
	for _, tag := range tags {
		f.Tags = append(f.Tags, templates.Choice{Value: tag, Label: tag})
	}
	return f, err
}

// refill fills in what was typed.
func refill(f *templates.SignupForm, fields url.Values) {
	f.Email, f.Name, f.Page = fields.Get("email"), fields.Get("name"), fields.Get("page")
	choose(f.Cadences, fields["cadence"])
	choose(f.Languages, fields["language"])
	for i, tag := range f.Tags {
		f.Tags[i].Chosen = slices.Contains(fields["tag"], tag.Value)
	}
}

// choose chooses the given one of several options, if it is one of them.
func choose(options []templates.Choice, given []string) {
	chosen := slices.IndexFunc(options, func(o templates.Choice) bool { return slices.Contains(given, o.Value) })
	for i := range options {
		if chosen >= 0 {
			options[i].Chosen = i == chosen
		}
	}
}
