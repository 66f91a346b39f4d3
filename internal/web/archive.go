package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"publisher/internal/ledger"
	"publisher/templates"
)

// publicArchive reports whether everyone may see the list of editions.
func (s *site) publicArchive() bool { return s.Config.Server.Archive == "public" }

// ifPublic answers 404 unless everyone may see the list of editions.
func (s *site) ifPublic(next http.HandlerFunc) http.HandlerFunc {
	if s.publicArchive() {
		return next
	}
	return func(w http.ResponseWriter, _ *http.Request) { s.message(w, http.StatusNotFound, templates.MissingPage) }
}

func (s *site) toArchive(w http.ResponseWriter, _ *http.Request) { moved(w, s.base+"/archive/") }

// archive lists the editions, newest first.
func (s *site) archive(w http.ResponseWriter, r *http.Request) {
	s.common(w, r, "archive", func(ctx context.Context) ([]byte, error) {
		links, err := s.editionLinks(ctx, 0)
		if err != nil {
			return nil, err
		}
		return s.render("page-archive.html", &templates.ArchivePage{Frame: s.frame(), Editions: links})
	})
}

// editionLinks returns the newest editions of the archive: at most so many, or all if most is
// 0. Without a public archive there are none.
func (s *site) editionLinks(ctx context.Context, most int) ([]templates.EditionLink, error) {
	if !s.publicArchive() {
		return nil, nil
	}
	editions, err := s.Ledger.ArchivedEditions(ctx, most)
	var links []templates.EditionLink
	for _, e := range editions {
		links = append(links, templates.EditionLink{
			Number: e.Number, Subject: e.Subject, Language: s.editionLanguage(e), Date: e.Closed.In(s.Config.Site.Timezone), Posts: len(e.Posts),
		})
	}
	return links, err
}

// editionLanguage returns the edition's language, or "" if it is the site's.
func (s *site) editionLanguage(e ledger.ArchivedEdition) string {
	if e.Language == s.Config.Site.Language {
		return ""
	}
	return e.Language
}

// edition shows the web version of an edition. Any other path under /archive/ is a file.
func (s *site) edition(w http.ResponseWriter, r *http.Request) {
	given := r.PathValue("number")
	number, err := strconv.ParseInt(given, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != given {
		s.files.ServeHTTP(w, r)
		return
	}
	if s.Config.Server.Archive == "off" {
		s.message(w, http.StatusNotFound, templates.MissingPage)
		return
	}
	w.Header().Set("Content-Security-Policy", s.policy(editionPolicy))
	if !s.publicArchive() {
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	s.common(w, r, "edition "+given, func(ctx context.Context) ([]byte, error) {
		page, found, err := s.Archive.Edition(ctx, number)
		if err != nil || !found {
			return nil, err
		}
		return s.framedEdition(ctx, number, forBrowsers(page))
	})
}

// framedEdition puts links to other editions into the web version of one.
func (s *site) framedEdition(ctx context.Context, number int64, page []byte) ([]byte, error) {
	near, err := s.Ledger.EditionNeighbors(ctx, number)
	if err != nil {
		return nil, err
	}
	address := func(n int64) string {
		if n == 0 {
			return ""
		}
		return s.base + "/archive/" + strconv.FormatInt(n, 10)
	}
	data := &templates.EditionFrame{Frame: s.frameIn(near.Language), Older: address(near.Older), Newer: address(near.Newer)}
	head, err := s.render("page-edition-head.html", data)
	if err != nil {
		return nil, err
	}
	links, err := s.render("page-edition-links.html", data)
	if err != nil {
		return nil, err
	}
	page = insertBefore(page, bytes.Index(page, []byte("</head>")), head)
	return insertBefore(page, bytes.LastIndex(page, []byte("</body>")), links), nil
}

// insertBefore inserts text at a place of a page. A page without that place, which an owner's
// template may make, stays as it is.
func insertBefore(page []byte, at int, text []byte) []byte {
	if at < 0 {
		return page
	}
	return bytes.Join([][]byte{page[:at], text, page[at:]}, nil)
}
