package feed

import (
	"encoding/json"
	"io"

	"github.com/gorilla/feeds"
)

// jsonDocument is gorilla's with items that are always an array. They are written one by
// one, each on a line of its own.
type jsonDocument struct {
	*feeds.JSONFeed
	Items []*jsonItem `json:"items"`
}

type jsonItem struct {
	*feeds.JSONItem
	ContentHTML string           `json:"content_html"` // required, even if empty
	Language    string           `json:"language,omitempty"`
	Attachments []jsonAttachment `json:"attachments,omitempty"`
}

type jsonAttachment struct {
	URL       string `json:"url"`
	MediaType string `json:"mime_type"`
	Size      int64  `json:"size_in_bytes,omitempty"`
}

func newJSON(m *model, f format) encoder {
	from := (&feeds.JSON{Feed: m.Feed}).JSONFeed()
	from.FeedUrl = m.sibling(m.plan.dir, f)
	from.Language = m.plan.collection.site.Language
	from.Icon = m.logo
	from.Author = nil // of version 1.0, replaced by Authors
	if m.plan.prev != "" {
		from.NextUrl = m.sibling(m.plan.prev, f)
	}
	for _, hub := range m.hubs() {
		from.Hubs = append(from.Hubs, &feeds.JSONHub{Type: "WebSub", Url: hub})
	}
	document := &jsonDocument{JSONFeed: from, Items: []*jsonItem{}}
	return encoder{
		write: func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			return encoder.Encode(document)
		},
		items: func(w io.Writer) func(int) error {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			return func(i int) error {
				if _, err := io.WriteString(w, "\n    "); err != nil {
					return err
				}
				return encoder.Encode(m.jsonItem(from.Items[i], i))
			}
		},
		end: "]\n}\n", tail: "\n  ]\n}\n",
	}
}

func (m *model) jsonItem(from *feeds.JSONItem, i int) *jsonItem {
	e := m.entries[i]
	item := &jsonItem{JSONItem: from, ContentHTML: from.ContentHTML, Language: e.language}
	if m.cfg.Feeds.Content == "excerpt" {
		item.ContentHTML = m.Items[i].Description
	}
	item.Summary = e.summary // gorilla gives it HTML
	item.Tags = e.tags
	for _, name := range e.authors {
		item.Authors = append(item.Authors, &feeds.JSONAuthor{Name: name})
	}
	if e.image != nil {
		item.Image = e.image.URL
	}
	if enc := e.enclosure; enc != nil {
		item.Attachments = []jsonAttachment{{URL: enc.URL, MediaType: enc.Type, Size: enc.Length}}
	}
	return item
}
