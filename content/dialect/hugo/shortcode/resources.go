package shortcode

import (
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"publisher/content/dialect"
	"publisher/content/glob"
	"publisher/content/liquid"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"publisher/internal/xmltext"
)

// resource is a file of a page's bundle or of the assets, as templates see it. A scaled picture
// is the picture itself.
type resource struct {
	Name, Title, ResourceType string
	RelPermalink, Permalink   string
	MediaType                 mediaType
	Params                    map[string]any
	Data                      map[string]any
	file                      string
	templates                 *Evaluator
	sized                     bool
	width, height             int
}

type mediaType struct{ Type, MainType, SubType string }

func (e *Evaluator) resource(name, file, address string) *resource {
	kind := dialect.MediaType(path.Ext(name))
	main, sub, _ := strings.Cut(kind, "/")
	r := &resource{Name: name, Title: name, ResourceType: main, Permalink: address, RelPermalink: pathOf(address), file: file, templates: e,
		MediaType: mediaType{kind, main, sub}, Params: map[string]any{}, Data: map[string]any{}}
	if isPicture(name) {
		r.ResourceType = "image"
	}
	return r
}

func (r *resource) pixels() (width, height int) {
	if !r.sized {
		r.sized = true
		r.width, r.height = sanitize.ImageSize(r.file)
	}
	return r.width, r.height
}

// Width returns the width in pixels, or 0.
func (r *resource) Width() int { w, _ := r.pixels(); return w }

// Height returns the height in pixels, or 0.
func (r *resource) Height() int { _, h := r.pixels(); return h }

// Content returns the text of a file, such as a drawing.
func (r *resource) Content() (template.HTML, error) {
	if main := r.MediaType.MainType; main != "text" && path.Ext(r.Name) != ".svg" {
		return "", errUnsupported
	}
	text, err := r.templates.Page.Site.ReadFile(r.file)
	if err != nil || len(text) > liquid.MaxValueSize {
		return "", errUnsupported
	}
	return template.HTML(xmltext.Clean(strings.ToValidUTF8(string(text), ""))), r.templates.charge(len(text))
}

// Resize scales a picture: "600x", "x400", "600x400 q50".
func (r *resource) Resize(spec string) *resource { return r.scaled(spec) }

// Fit scales a picture into a box.
func (r *resource) Fit(spec string) *resource { return r.scaled(spec) }

// Fill cuts a picture to a box.
func (r *resource) Fill(spec string) *resource { return r.scaled(spec) }

// Crop cuts a picture.
func (r *resource) Crop(spec string) *resource { return r.scaled(spec) }

// Process does any of these.
func (r *resource) Process(spec string) *resource { return r.scaled(spec) }

// Filter changes a picture's colors, which is not done here.
func (r *resource) Filter(...any) *resource { return r }

func (r *resource) scaled(spec string) *resource {
	w, h := r.pixels()
	out := *r
	for word := range strings.FieldsSeq(spec) {
		wide, high, isBox := strings.Cut(word, "x")
		width, noWidth := strconv.Atoi(wide)
		height, noHeight := strconv.Atoi(high)
		if !isBox || (wide != "" && noWidth != nil) || (high != "" && noHeight != nil) || wide+high == "" {
			continue
		}
		if width == 0 && h > 0 {
			width = w * height / h
		}
		if height == 0 && w > 0 {
			height = h * width / w
		}
		out.width, out.height = width, height
	}
	return &out
}

// pageResources are the files of a page's bundle.
type pageResources struct{ templates *Evaluator }

// Get returns the file of a name, or nil.
func (r pageResources) Get(name any) (any, error) {
	want, err := r.templates.text(name)
	if err != nil {
		return nil, err
	}
	want = strings.TrimPrefix(path.Clean(strings.TrimPrefix(want, "/")), "./")
	return r.firstFile(func(file string) bool { return strings.EqualFold(file, want) })
}

// GetMatch returns the first file that matches a glob, or nil.
func (r pageResources) GetMatch(pattern any) (any, error) {
	matches, err := r.globMatcher(pattern)
	if err != nil {
		return nil, err
	}
	return r.firstFile(matches)
}

// Match returns the files that match a glob.
func (r pageResources) Match(pattern any) ([]any, error) {
	matches, err := r.globMatcher(pattern)
	if err != nil {
		return nil, err
	}
	return r.allFiles(matches)
}

// ByType returns the files of a type, such as image.
func (r pageResources) ByType(kind string) ([]any, error) {
	return r.allFiles(func(file string) bool {
		main, _, _ := strings.Cut(dialect.MediaType(path.Ext(file)), "/")
		return main == kind || kind == "image" && isPicture(file)
	})
}

func (r pageResources) globMatcher(pattern any) (func(string) bool, error) {
	text, err := r.templates.text(pattern)
	if err != nil || len(text) > 500 {
		return nil, errUnsupported
	}
	g := glob.Hugo(strings.ToLower(strings.TrimPrefix(text, "/")))
	return func(file string) bool { return g.Re.MatchString(strings.ToLower(file)) }, nil
}

func (r pageResources) firstFile(matches func(string) bool) (any, error) {
	files, err := r.templates.bundle()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if matches(file) {
			return r.templates.bundled(file), nil
		}
	}
	return nil, nil
}

func (r pageResources) allFiles(matches func(string) bool) ([]any, error) {
	files, err := r.templates.bundle()
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, file := range files {
		if matches(file) {
			out = append(out, r.templates.bundled(file))
		}
	}
	return out, r.templates.charge(256 * len(out))
}

// maxBundle bounds the files of a bundle.
const maxBundle = 1000

// bundle returns the files beside the page's index file, relative to it.
func (e *Evaluator) bundle() ([]string, error) {
	if !strings.HasPrefix(path.Base(e.Page.Path), "index.") {
		return nil, nil
	}
	if e.files == nil {
		e.files = []string{}
		dir := filepath.Join(e.Page.Site.Dir, filepath.FromSlash(path.Dir(e.Page.Path)))
		_ = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || len(e.files) >= maxBundle {
				return fs.SkipAll
			}
			if rel, _ := filepath.Rel(dir, file); entry.Type().IsRegular() && !mdsource.IsMarkdownName(rel) {
				e.files = append(e.files, filepath.ToSlash(rel))
			}
			return nil
		})
		slices.Sort(e.files)
	}
	return e.files, e.charge(16 * len(e.files))
}

func (e *Evaluator) bundled(name string) any {
	p := e.Page
	file := p.Site.LocalFile(path.Join(path.Dir(p.Path), name))
	to := e.Links.Follow((&url.URL{Path: "./" + name}).String())
	if file == "" || to.URL == "" {
		return nil
	}
	return e.resource(name, file, to.URL)
}

// asset returns a file of the blog's assets, or nil.
func (e *Evaluator) asset(name any) (any, error) {
	want, err := e.text(name)
	if err != nil {
		return nil, err
	}
	want = strings.TrimPrefix(path.Clean("/"+want), "/")
	root := ""
	if e.Blog.Settings != nil {
		root = e.Blog.Settings.Root
	}
	if want == "" || root == "" {
		return nil, nil
	}
	assets := filepath.Join(root, filepath.FromSlash(dialect.LocalFolder(e.Blog.Settings.Scalar("assetdir"), "assets")))
	file := e.Page.Site.FileIn(assets, filepath.FromSlash(want))
	if file == "" {
		return nil, nil
	}
	return e.resource("/"+want, file, e.Page.Site.Absolute("/"+want)), nil
}

// same returns what pipes for style sheets and scripts process unchanged, since none of it is in
// a post.
func same(v ...any) any {
	if len(v) == 0 {
		return nil
	}
	return v[len(v)-1]
}
