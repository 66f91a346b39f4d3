package web

import (
	"context"
	"net/http"
	"strconv"

	"publisher/internal/ledger"
	"publisher/templates"
)

func (s *site) toArchive(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, s.base+"/archive/", http.StatusMovedPermanently)
}

// archive lists the editions, newest first.
func (s *site) archive(w http.ResponseWriter, r *http.Request) {
	s.common(w, r, "archive", func(ctx context.Context) ([]byte, error) {
		editions, err := s.Ledger.Editions(ctx)
		if err != nil {
			return nil, err
		}
		data := &templates.ArchivePage{Frame: s.frame()}
		for _, e := range editions {
			if e.Canceled && e.Sent == 0 {
				continue // no subscriber has received it
			}
			data.Editions = append(data.Editions, templates.EditionLink{
				Number: e.Number, Subject: e.Subject, Language: s.editionLanguage(e), Date: e.Closed.In(s.Config.Site.Timezone), Posts: len(e.Posts),
			})
		}
		return s.render("page-archive.html", data)
	})
}

// editionLanguage returns the edition's language, or "" if it is the site's.
func (s *site) editionLanguage(e ledger.Edition) string {
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
		s.file(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", s.policy(editionPolicy))
	s.common(w, r, "edition "+given, func(ctx context.Context) ([]byte, error) {
		page, found, err := s.Archive.Edition(ctx, number)
		if err != nil || !found {
			return nil, err
		}
		return page, nil
	})
}
