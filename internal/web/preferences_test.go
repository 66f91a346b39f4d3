package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/web"
)

func offer(tags ...string) func(*web.Options) {
	return func(o *web.Options) {
		o.Tags = func(context.Context, string) ([]string, error) { return tags, nil }
	}
}

// checked are the values that the page shows as chosen.
func checked(t *testing.T, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for n := range doc.Descendants() {
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		if _, ok := attributes["checked"]; ok {
			values = append(values, attributes["name"]+"="+attributes["value"])
		}
	}
	return values
}

func TestPreferences(t *testing.T) {
	w := start(t, settings, offer("go", "Feeds", "mail"))
	id := w.subscribe(imports.Row{Email: "ann@example.com", Tags: []string{"feeds", "rust"}})
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	before := *w.subscriber("ann@example.com")

	page := w.get(link)
	wantStatus(t, page, 200)
	if diff := cmp.Diff([]string{"cadence=weekly", "tag=Feeds", "tag=rust"}, checked(t, page.body)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(page.body, "ann@") || !strings.Contains(page.body, "Once a week") {
		t.Errorf("the page shows the address or no words for the cadence:\n%s", page.body)
	}
	if diff := cmp.Diff(before, *w.subscriber("ann@example.com")); diff != "" {
		t.Errorf("looking changed something:\n%s", diff)
	}

	for _, test := range []struct {
		form    string
		fault   string // what the page says is wrong
		cadence string
		tags    []string
	}{
		{"cadence=weekly", "", "", []string{"feeds", "rust"}},
		{"cadence=daily", "", "daily", []string{"feeds", "rust"}},
		{"cadence=hourly&tags=offered", "This is not one of the choices. <q>hourly</q>", "daily", []string{"feeds", "rust"}},
		{"cadence=weekly&language=fr", "There are no mails in this language. <q>fr</q>", "daily", []string{"feeds", "rust"}},
		{"cadence=weekly&language=en", "", "weekly", []string{"feeds", "rust"}},
		{"cadence=daily&tags=offered&tag=go&tag=unheard%0Aof", "One of the topics does not exist, or no longer. Please choose again. <q>unheard of</q>", "weekly", []string{"feeds", "rust"}},
		{"tag=%3Cscript%3E", "Please choose again. <q>&lt;script&gt;</q>", "weekly", []string{"feeds", "rust"}},
		{"tag=GO", "", "weekly", []string{"go"}},
		{"cadence=daily&tags=offered&tag=go&tag=mail", "", "daily", []string{"go", "mail"}},
		{"cadence=weekly&tags=offered", "", "weekly", nil},
		{"", "", "weekly", nil},
		{"%zz", "", "weekly", nil},
	} {
		res := w.post(link, test.form)
		if test.fault == "" {
			wantStatus(t, res, 200)
		} else {
			wantStatus(t, res, 422)
			wantAll(t, res.body, `<p class="done" id="wrong" role="alert">`, test.fault)
			checkMarkup(t, res.body, "en")
		}
		ann := w.subscriber("ann@example.com")
		if len(ann.Tags) == 0 {
			ann.Tags = nil
		}
		if diff := cmp.Diff([]any{test.cadence, test.tags}, []any{ann.Cadence, ann.Tags}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.form, diff)
		}
		if saved := strings.Contains(res.body, `role="status"`); saved != (test.fault == "") {
			t.Errorf("%q: says that it is saved: %v", test.form, saved)
		}
	}
}

// What was chosen is chosen again beside what was not among the choices.
func TestFaultyPreferencesAreRefilled(t *testing.T) {
	w := start(t, settings, offer("go", "mail"))
	id := w.subscribe(imports.Row{Email: "ann@example.com", Tags: []string{"mail"}})
	res := w.post("/preferences/"+w.tokens.Link(mailtoken.Preferences, id), "cadence=daily&tags=offered&tag=go&tag=x")
	wantStatus(t, res, 422)
	if diff := cmp.Diff([]string{"cadence=daily", "tag=go"}, checked(t, res.body)); diff != "" {
		t.Error(diff)
	}
	wantAll(t, res.body, `<fieldset aria-describedby="wrong every">`)
}

func TestPreferencesWithoutTags(t *testing.T) {
	w := start(t, settings, nil)
	id := w.subscribe(imports.Row{Email: "ann@example.com", Cadence: "gone"})
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	page := w.get(link).body
	if diff := cmp.Diff([]string{"cadence=weekly"}, checked(t, page)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(page, "checkbox") {
		t.Error("a choice of tags where there are none")
	}
}

// Who gets no mail has nothing to choose, but may take the unsubscribing back.
func TestPreferencesOfTheUnsubscribed(t *testing.T) {
	w := start(t, settings, offer("go"))
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	w.post("/unsubscribe/"+w.tokens.Link(mailtoken.Unsubscribe, id), "")
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	for _, res := range []response{w.get(link), w.post(link, "cadence=daily&tags=offered&tag=go")} {
		wantStatus(t, res, 200)
		undo := `action="/unsubscribe/` + w.tokens.Link(mailtoken.Unsubscribe, id) + `"`
		if !strings.Contains(res.body, "You are unsubscribed") || !strings.Contains(res.body, undo) {
			t.Errorf("the page does not say so:\n%s", res.body)
		}
	}
	if ann := w.subscriber("ann@example.com"); ann.Cadence != "" || len(ann.Tags) > 0 || ann.Status != ledger.Unsubscribed {
		t.Errorf("something changed: %+v", ann)
	}
}

func TestTagsThatCannotBeRead(t *testing.T) {
	w := start(t, settings, func(o *web.Options) {
		o.Tags = func(context.Context, string) ([]string, error) { return nil, errors.New("the tree is gone") }
	})
	id := w.subscribe(imports.Row{Email: "ann@example.com", Tags: []string{"go"}})
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	for _, res := range []response{w.get(link), w.post(link, "cadence=daily&tags=offered")} {
		wantStatus(t, res, 500)
		if strings.Contains(res.body, "tree") {
			t.Error("the page tells why")
		}
	}
	if ann := w.subscriber("ann@example.com"); ann.Cadence != "" || len(ann.Tags) != 1 {
		t.Errorf("something changed: %+v", ann)
	}
}
