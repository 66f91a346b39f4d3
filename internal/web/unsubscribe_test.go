package web_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
)

// unsubscribeLink adds Ann and returns her link's path.
func unsubscribeLink(w *world, status ledger.Status) string {
	w.t.Helper()
	id := w.subscribe(imports.Row{Email: "ann@example.com", Status: status, Cadence: "daily", Tags: []string{"go"}})
	return "/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id)
}

func wantSubscription(t *testing.T, w *world, status ledger.Status) {
	t.Helper()
	if got := w.subscriber("ann@example.com").Status; got != status {
		t.Fatalf("ann is %s, want %s", got, status)
	}
}

func TestLookingChangesNothing(t *testing.T) {
	w := start(t, settings, nil)
	link := unsubscribeLink(w, ledger.Active)
	before := *w.subscriber("ann@example.com")
	for _, path := range []string{link, link + "?undo=1", link + "?List-Unsubscribe=One-Click", strings.Replace(link, "/unsubscribe/", "/unsubscribe//", 1)} {
		w.get(path)
		w.do("HEAD", path, "")
		w.do("OPTIONS", path, "")
		w.do("PUT", path, "List-Unsubscribe=One-Click")
	}
	res := w.get(link)
	wantStatus(t, res, 200)
	for _, wanted := range []string{`<form method="post" action="` + link + `">`, "a…@example.com", `/preferences/`} {
		if !strings.Contains(res.body, wanted) {
			t.Errorf("the page has no %s:\n%s", wanted, res.body)
		}
	}
	if strings.Contains(res.body, "ann@") {
		t.Error("the page shows the address")
	}
	if head := w.do("HEAD", link, ""); head.StatusCode != 200 || head.body != "" || head.ContentLength != res.ContentLength {
		t.Errorf("HEAD: %s, length %d", head.Status, head.ContentLength)
	}
	if after := *w.subscriber("ann@example.com"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestUnsubscribe(t *testing.T) {
	const urlencoded = "application/x-www-form-urlencoded"
	multi, multiType := multipartBody(t, "List-Unsubscribe", "One-Click")
	for _, test := range []struct{ name, contentType, body string }{
		{"one-click", urlencoded, "List-Unsubscribe=One-Click"},
		{"one-click, multipart", multiType, multi},
		{"button", urlencoded, "List-Unsubscribe=One-Click&unknown=field"},
		{"no body", "", ""},
		{"undo in the address only", urlencoded, "x=y"},
		{"no content type", "", "List-Unsubscribe=One-Click"},
		{"broken multipart", "multipart/form-data; boundary=x", "--y\r\n"},
		{"multipart without boundary", "multipart/form-data", "x"},
		{"broken urlencoding", urlencoded, "%zz=%"},
		{"JSON", "application/json", "{}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := start(t, settings, nil)
			link := unsubscribeLink(w, ledger.Active)
			for range 2 { // once more does no harm
				res := w.do("POST", link+"?undo=1", test.body, "Content-Type", test.contentType, "Origin", "https://webmail.example", "Sec-Fetch-Site", "cross-site")
				wantStatus(t, res, 200)
				if !strings.Contains(res.body, "You are unsubscribed") || !strings.Contains(res.body, `name="undo"`) || strings.Contains(res.body, "ann@") {
					t.Errorf("the page does not say that it is done, or offers no undo:\n%s", res.body)
				}
				wantSubscription(t, w, ledger.Unsubscribed)
			}
			if page := w.get(link).body; !strings.Contains(page, "You are unsubscribed") {
				t.Errorf("looking again shows another page:\n%s", page)
			}
		})
	}
}

func TestUndo(t *testing.T) {
	undo, undoType := multipartBody(t, "undo", "1")
	for _, test := range []struct{ contentType, body string }{
		{"application/x-www-form-urlencoded", "undo=1"}, {undoType, undo},
	} {
		w := start(t, settings, nil)
		link := unsubscribeLink(w, ledger.Active)
		w.post(link, "List-Unsubscribe=One-Click")
		posts := []ledger.Post{{ID: "a", Stage: ledger.Numbered, FirstSeen: day, Date: day}}
		if err := w.ledger.SavePosts(t.Context(), posts); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			res := w.do("POST", link, test.body, "Content-Type", test.contentType)
			wantStatus(t, res, 200)
			if !strings.Contains(res.body, "You are subscribed again") {
				t.Errorf("the page does not say so:\n%s", res.body)
			}
		}
		ann := w.subscriber("ann@example.com")
		if ann.Status != ledger.Active || ann.Cadence != "daily" || len(ann.Tags) != 1 || ann.Cursor != 0 {
			t.Errorf("%+v, want what was before and the cursor at %d", ann, posts[0].Seq)
		}
	}
}

// Only an unsubscribing can be taken back, and only a subscription ended.
func TestOtherStatuses(t *testing.T) {
	for _, test := range []struct{ status, afterPost, afterUndo ledger.Status }{
		{ledger.Pending, ledger.Unsubscribed, ledger.Pending},
		{ledger.Removed, ledger.Unsubscribed, ledger.Removed},
		{ledger.Bounced, ledger.Bounced, ledger.Bounced},
		{ledger.Complained, ledger.Complained, ledger.Complained},
	} {
		t.Run(string(test.status), func(t *testing.T) {
			w := start(t, settings, nil)
			link := unsubscribeLink(w, test.status)
			if page := w.get(link).body; strings.Contains(page, "undo") {
				t.Errorf("undo is offered:\n%s", page)
			}
			wantStatus(t, w.post(link, "undo=1"), 200)
			wantSubscription(t, w, test.afterUndo)
			wantStatus(t, w.post(link, "List-Unsubscribe=One-Click"), 200)
			wantSubscription(t, w, test.afterPost)
		})
	}
}

func TestBadLinks(t *testing.T) {
	w := start(t, settings, nil)
	link := unsubscribeLink(w, ledger.Active)
	token := strings.TrimPrefix(link, "/unsubscribe/")
	id := w.subscriber("ann@example.com").ID
	nobody := w.get("/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id+1))
	for _, path := range []string{
		"/unsubscribe/", "/unsubscribe/x", link[:len(link)-1], link + "a", link + ".", link + "/", link + "/x", link + "%3D", "/unsubscribe/" + token[1:],
		"/unsubscribe/" + w.tokens.Link(mailtoken.Preferences, id), "/unsubscribe/" + w.tokens.ReturnPath(id, 1), "/preferences/" + token,
		"/unsubscribe/" + strings.Repeat("a", 4000), "/unsubscribe/%00", "/unsubscribe/%ff",
	} {
		for _, method := range []string{"GET", "POST"} {
			res := w.do(method, path, "")
			wantStatus(t, res, 404)
			if res.body != nobody.body || !strings.Contains(res.body, "Open it in the mail once more") {
				t.Errorf("%s %s: the page is another one or does not help:\n%s", method, path, res.body)
			}
		}
	}
	wantSubscription(t, w, ledger.Active)
	wantStatus(t, w.get(strings.ToUpper(link[:13])+token), 404)
	wantStatus(t, w.post("/unsubscribe/"+strings.ToUpper(token), ""), 200)
	wantSubscription(t, w, ledger.Unsubscribed)
}

func TestLargeBodies(t *testing.T) {
	w := start(t, settings, nil)
	link := unsubscribeLink(w, ledger.Active)
	for _, head := range []string{"Content-Length: 1073741824", "Transfer-Encoding: chunked"} {
		sent, status := upload(t, w, link, head, 1<<30)
		// What the kernel buffers on the way is sent too.
		if sent > 32<<20 {
			t.Errorf("%s: %d bytes were taken", head, sent)
		}
		if status != 0 && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", head, status)
		}
	}
	// One octet too many, so that none is left unread and the answer cannot be lost.
	res := w.post(link, "a="+strings.Repeat("b", 64<<10-1))
	wantStatus(t, res, http.StatusRequestEntityTooLarge)
	wantSubscription(t, w, ledger.Active)
	wantStatus(t, w.post(link, "List-Unsubscribe=One-Click&pad="+strings.Repeat("b", 60<<10)), 200)
	wantSubscription(t, w, ledger.Unsubscribed)
}

// upload sends up to size bytes for as long as the server takes them.
func upload(t *testing.T, w *world, path, head string, size int) (sent, status int) {
	t.Helper()
	conn := dial(t, strings.TrimPrefix(w.url, "http://"))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n%s\r\n\r\n", path, head)
	chunk := bytes.Repeat([]byte("a"), 1<<16)
	if strings.HasPrefix(head, "Transfer") {
		chunk = append([]byte("10000\r\n"), append(chunk, '\r', '\n')...)
	}
	for sent < size {
		n, err := conn.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	answer, _ := io.ReadAll(conn) // a connection that is reset may lose the answer
	if _, err := fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status); err != nil {
		return sent, 0
	}
	return sent, status
}

func multipartBody(t *testing.T, name, value string) (body, contentType string) {
	t.Helper()
	var b strings.Builder
	form := multipart.NewWriter(&b)
	if err := form.WriteField(name, value); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), form.FormDataContentType()
}
