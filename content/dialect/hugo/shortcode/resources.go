package shortcode

import (
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"publisher/internal/xmltext"
	"slices"
	"strconv"
	"strings"
)

// hugoResource is a file of a page's bundle or of the assets, as templates see it. A
// picture that they have scaled is the picture itself.
type hugoResource struct {
	Name, Title, ResourceType string
	RelPermalink, Permalink   string
	MediaType                 hugoMediaType
	Params                    map[string]any
	Data                      map[string]any
	file                      string
	templates                 *HugoTemplates
	sized                     bool
	width, height             int
}

type hugoMediaType struct{ Type, MainType, SubType string }

func (h *HugoTemplates) resource(name, file, address string) *hugoResource {
	kind := dialect.MediaType(path.Ext(name))
	main, sub, _ := strings.Cut(kind, "/")
	r := &hugoResource{Name: name, Title: name, ResourceType: main, Permalink: address, RelPermalink: pathOf(address), file: file, templates: h,
		MediaType: hugoMediaType{kind, main, sub}, Params: map[string]any{}, Data: map[string]any{}}
	if isPicture(name) {
		r.ResourceType = "image"
	}
	return r
}

func (r *hugoResource) pixels() (width, height int) {
	if !r.sized {
		r.sized = true
		r.width, r.height = sanitize.ImageSize(r.file)
	}
	return r.width, r.height
}

// Width is in pixels, 0 where it is unknown.
func (r *hugoResource) Width() int { w, _ := r.pixels(); return w }

// Height is in pixels, 0 where it is unknown.
func (r *hugoResource) Height() int { _, h := r.pixels(); return h }

// Content is what a file of text holds, such as a drawing.
func (r *hugoResource) Content() (template.HTML, error) {
	if main := r.MediaType.MainType; main != "text" && path.Ext(r.Name) != ".svg" {
		return "", errTemplate
	}
	text, err := r.templates.Article.Site.ReadOwn(r.file)
	if err != nil || len(text) > liquid.MaxText {
		return "", errTemplate
	}
	return template.HTML(xmltext.Clean(strings.ToValidUTF8(string(text), ""))), r.templates.charge(len(text))
}

// Resize scales a picture: "600x", "x400", "600x400 q50".
func (r *hugoResource) Resize(spec string) *hugoResource { return r.scaled(spec) }

// Fit scales a picture into a box.
func (r *hugoResource) Fit(spec string) *hugoResource { return r.scaled(spec) }

// Fill cuts a picture to a box.
func (r *hugoResource) Fill(spec string) *hugoResource { return r.scaled(spec) }

// Crop cuts a picture.
func (r *hugoResource) Crop(spec string) *hugoResource { return r.scaled(spec) }

// Process is any of these.
func (r *hugoResource) Process(spec string) *hugoResource { return r.scaled(spec) }

// Filter changes a picture's colors.
func (r *hugoResource) Filter(...any) *hugoResource { return r }

func (r *hugoResource) scaled(spec string) *hugoResource {
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

// hugoResources are the files of a page's bundle.
type hugoResources struct{ templates *HugoTemplates }

// Get is the file of a name; nil for none.
func (r hugoResources) Get(name any) (any, error) {
	want, err := r.templates.text(name)
	if err != nil {
		return nil, err
	}
	want = strings.TrimPrefix(path.Clean(strings.TrimPrefix(want, "/")), "./")
	return r.firstFile(func(file string) bool { return strings.EqualFold(file, want) })
}

// GetMatch is the first file that matches a glob; nil for none.
func (r hugoResources) GetMatch(pattern any) (any, error) {
	matches, err := r.globMatcher(pattern)
	if err != nil {
		return nil, err
	}
	return r.firstFile(matches)
}

// Match are the files that match a glob.
func (r hugoResources) Match(pattern any) ([]any, error) {
	matches, err := r.globMatcher(pattern)
	if err != nil {
		return nil, err
	}
	return r.allFiles(matches)
}

// ByType are the files of a kind, such as image.
func (r hugoResources) ByType(kind string) ([]any, error) {
	return r.allFiles(func(file string) bool {
		main, _, _ := strings.Cut(dialect.MediaType(path.Ext(file)), "/")
		return main == kind || kind == "image" && isPicture(file)
	})
}

func (r hugoResources) globMatcher(pattern any) (func(string) bool, error) {
	text, err := r.templates.text(pattern)
	if err != nil || len(text) > 500 {
		return nil, errTemplate
	}
	glob := dialect.HugoGlob(strings.ToLower(strings.TrimPrefix(text, "/")))
	return func(file string) bool { return glob.Re.MatchString(strings.ToLower(file)) }, nil
}

func (r hugoResources) firstFile(matches func(string) bool) (any, error) {
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

func (r hugoResources) allFiles(matches func(string) bool) ([]any, error) {
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

// maxBundle is more files than a bundle has.
const maxBundle = 1000

// bundle are the files beside the page's index file, from there.
func (h *HugoTemplates) bundle() ([]string, error) {
	if !strings.HasPrefix(path.Base(h.Article.Path), "index.") {
		return nil, nil
	}
	if h.files == nil {
		h.files = []string{}
		dir := filepath.Join(h.Article.Site.Dir, filepath.FromSlash(path.Dir(h.Article.Path)))
		_ = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
			if err != nil || len(h.files) >= maxBundle {
				return fs.SkipAll
			}
			if rel, _ := filepath.Rel(dir, file); e.Type().IsRegular() && !mdsource.IsMarkdownName(rel) {
				h.files = append(h.files, filepath.ToSlash(rel))
			}
			return nil
		})
		slices.Sort(h.files)
	}
	return h.files, h.charge(16 * len(h.files))
}

func (h *HugoTemplates) bundled(name string) any {
	a := h.Article
	file := a.Site.Local(path.Join(path.Dir(a.Path), name))
	to := h.Links.Follow((&url.URL{Path: "./" + name}).String())
	if file == "" || to.URL == "" {
		return nil
	}
	return h.resource(name, file, to.URL)
}

// asset is a file of the blog's assets; nil for none.
func (h *HugoTemplates) asset(name any) (any, error) {
	want, err := h.text(name)
	if err != nil {
		return nil, err
	}
	want = strings.TrimPrefix(path.Clean("/"+want), "/")
	root := ""
	if h.Tree.Own != nil {
		root = h.Tree.Own.Root
	}
	if want == "" || root == "" {
		return nil, nil
	}
	assets := filepath.Join(root, filepath.FromSlash(dialect.LocalFolder(h.Tree.Own.Scalar("assetdir"), "assets")))
	file := h.Article.Site.InsideFolder(assets, filepath.FromSlash(want))
	if file == "" {
		return nil, nil
	}
	return h.resource("/"+want, file, h.Article.Site.Absolute("/"+want)), nil
}

// same gives what pipes for style sheets and scripts make back as it is: none of it
// is in a post.
func same(v ...any) any {
	if len(v) == 0 {
		return nil
	}
	return v[len(v)-1]
}
