package editions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
)

// Intro is what the owner has to say above the next edition of each cadence (digest.intro).
type Intro struct {
	HTML     string // "" for nothing
	Hash     []byte // of the file
	Warnings []report.Warning
}

// ReadIntro returns what digest.intro says in a language; the zero value if that is not set. What
// is wrong with the file is in the warnings: no edition waits for it.
func ReadIntro(ctx context.Context, c *catalog.Catalog, language string) (*Intro, error) {
	in := new(Intro)
	name := introFile(c.Config, language)
	if name == "" {
		return in, nil
	}
	text, problems, err := c.Tree.RenderText(ctx, c.Config.Path(name))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		what := fmt.Sprintf("digest.intro is left out of mail: %v", err)
		if errors.Is(err, fs.ErrNotExist) {
			what = "digest.intro: there is no such file, so digests go out without it; write it, or remove the key"
		}
		in.Warnings = []report.Warning{{Path: name, Message: what}}
		return in, nil
	}
	for _, p := range problems {
		in.Warnings = append(in.Warnings, report.Warning{Path: name, Line: p.Line, Message: p.Message})
	}
	if most := c.Config.Digest.MaxBytes / 4; len(text.HTML) > most {
		in.Warnings = append(in.Warnings, report.Warning{Path: name, Message: fmt.Sprintf(
			"digest.intro has %d bytes of HTML, and may have a quarter of digest.max_bytes, %d; digests have its beginning", len(text.HTML), most)})
	}
	in.HTML, in.Hash = text.HTML, text.Hash[:]
	return in, nil
}

// introFile returns the file for a language, relative to config.yaml: words.md, or words.es.md if
// there is one.
func introFile(cfg *config.Config, language string) string {
	name := cfg.Digest.Intro
	if name == "" || language == "" {
		return name
	}
	ext := filepath.Ext(name)
	own := strings.TrimSuffix(name, ext) + "." + language + ext
	if _, err := os.Lstat(cfg.Path(own)); err == nil {
		return own
	}
	return name
}

// WarnOfIntro returns what is wrong with the files of digest.intro.
func WarnOfIntro(ctx context.Context, c *catalog.Catalog) ([]report.Warning, error) {
	var warnings []report.Warning
	seen := map[string]bool{}
	for _, language := range Languages(c.Config) {
		name := introFile(c.Config, language)
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		in, err := ReadIntro(ctx, c, language)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, in.Warnings...)
		if _, isPost := c.Find(name); isPost {
			warnings = append(warnings, report.Warning{Path: name, Message: "the file of digest.intro is a post as well; move it out of content.dir, or name it in content.exclude"})
		}
	}
	return warnings, nil
}

// AddIntro adds the owner's words to a bundle, unless an edition of that cadence and language has
// had them.
func (c *Composer) AddIntro(ctx context.Context, b *Bundle, e *ledger.Edition) error {
	in, known := c.intros[e.Language]
	if !known {
		var err error
		if in, err = ReadIntro(ctx, c.catalog, e.Language); err != nil {
			return err
		}
		c.intros[e.Language] = in
	}
	if in.HTML == "" {
		return nil
	}
	used, err := c.ledger.IntroUsed(ctx, e.Cadence, e.Language, in.Hash)
	if err != nil || used {
		return err
	}
	b.Intro, e.Intro = in.HTML, in.Hash
	return nil
}
