package templates

import "html/template"

// SignupForm is the data of signup-form.html, the form to subscribe.
type SignupForm struct {
	URL     string // where it is posted to
	AskName bool
	// What was typed before.
	Email, Name string
	Cadences    []Choice
	Languages   []Choice // none if there is only one
	Tags        []Choice // none if there are none to choose from
	Page        string   // where the form was; "" for the server's own
	Made        int64    // when the page was made, in seconds; 0 for unknown
	// Fault is the field that is wrong: "email", "name", "cadence", "tag" or "language"; Says is
	// why. Both are "" if none is.
	Fault, Says string
	// Wording is what people agree to; "" for the usual sentence in the page's language.
	Wording string
}

// Script is a page's script, which its policy allows the browser to run.
type Script struct{ Script template.JS }

// SetScript sets the script.
func (s *Script) SetScript(source string) { s.Script = template.JS(source) }

// Scripted is the data of a page that may have a script: any struct that embeds Script.
type Scripted interface {
	Framed
	SetScript(source string)
}

// SubscribePage is the data of page-subscribe.html: the form on a page of its own.
type SubscribePage struct {
	Frame
	Form    SignupForm
	Expired bool // instead of what a link that is too old led to
}

// FormPage is the data of form.html, which the owner puts into pages of their own.
type FormPage struct {
	Frame
	Script
	Form     SignupForm // Page is the engine's variable
	Language string     // of those who sign up; "" for their choice
	MailURL  string     // of a mail that subscribes, instead of the form; "" for none
}

// CodePage is the data of page-code.html, which follows a sign-up and has a field for the code
// of the mail.
type CodePage struct {
	Frame
	URL   string // where the form is posted to
	Fault string // why the code that was typed is not taken; "" for none
}

// WorkPage is the data of page-work.html. Its script computes an answer to a challenge, and
// posts the sign-up again with it.
type WorkPage struct {
	Frame
	Script
	URL       string   // where the form is posted to
	Fields    []Choice // of the sign-up; the labels are the names
	Challenge string
	MailURL   string // of a mail that does the same; "" for none
}

// ConfirmPage is the data of page-confirm.html, where the link of a confirmation leads: a button,
// or the words that the subscription holds.
type ConfirmPage struct {
	Frame
	Script           // presses the button; "" for none
	Address   string // masked
	URL       string // where the button posts to
	Confirmed bool
	// Of a confirmed subscription.
	Cadence        string
	PreferencesURL string
}

// Wording returns the sentence that forms show, and that people agree to, in a site's language.
func (s *Set) Wording(site Site) (string, error) {
	return s.Phrase(site.Language, "signup_wording", "title", site.Title)
}

// fillForm fills in what a form leaves empty.
func (s *Set) fillForm(site Site, f *SignupForm) (err error) {
	s.labelCadences(site.Language, f.Cadences)
	labelLanguages(f.Languages)
	if f.Wording == "" {
		f.Wording, err = s.Wording(site)
	}
	return err
}

// Phrase returns a phrase of the translations in a language, with the named values filled in.
func (s *Set) Phrase(language, key string, pairs ...any) (string, error) {
	return s.translation(language).phrase(key, pairs...)
}
