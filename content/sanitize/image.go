package sanitize

import (
	"image"
	_ "image/gif"  // decodes the sizes of GIF,
	_ "image/jpeg" // JPEG
	_ "image/png"  // and PNG files
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	_ "golang.org/x/image/webp" // and of WebP files
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/content/limits"
	"publisher/content/post"
	"publisher/internal/htmldom"
)

// imageSizes caches the sizes of the images of one post that are local files.
type imageSizes struct {
	targets map[string]Target // by address
	sizes   map[string]image.Point
	looked  []string // where files were looked for
}

// remember keeps the target of an image, whose size is looked up by its address.
func (c *Cleaner) remember(to Target) {
	if len(to.Places) == 0 {
		return
	}
	if c.images.targets == nil {
		c.images.targets = map[string]Target{}
	}
	c.images.targets[to.URL] = to
}

// sizeOf returns the size of an image in pixels; zeros if its file is unknown or not a picture.
func (c *Cleaner) sizeOf(address string) (width, height int) {
	if size, ok := c.images.sizes[address]; ok {
		return size.X, size.Y
	}
	c.Budget.Step(4 * limits.FileSteps)
	file, looked := c.Links.FileOf(c.images.targets[address])
	c.images.looked = append(c.images.looked, looked...)
	width, height = ImageSize(file)
	if c.images.sizes == nil {
		c.images.sizes = map[string]image.Point{}
	}
	c.images.sizes[address] = image.Pt(width, height)
	return width, height
}

// TargetSize returns the size of the image that a link leads to, as ImageSize does.
func (c *Cleaner) TargetSize(to Target) (width, height int) {
	c.remember(to)
	return c.sizeOf(to.URL)
}

// ImageFiles returns the paths where files of images were looked for, whether or not they exist.
func (c *Cleaner) ImageFiles() []string { return c.images.looked }

// ImageSize returns the size of an image file in pixels; zeros if it cannot be read.
func ImageSize(file string) (width, height int) {
	if file == "" {
		return 0, 0
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	config, _, err := image.DecodeConfig(f)
	if err != nil {
		return 0, 0
	}
	return config.Width, config.Height
}

// The attributes from which scripts for lazy loading read addresses and lists of
// addresses.
var (
	lazySources = strings.Fields("data-src data-lazy-src data-original data-orig-file data-url data-echo data-lazy data-lazyload data-hi-res-src")
	lazySets    = strings.Fields("data-srcset data-lazy-srcset data-original-set")
)

func firstAttr(n *html.Node, keys []string) string {
	for _, key := range keys {
		if v := strings.TrimSpace(htmldom.Attr(n, key)); v != "" && !strings.ContainsAny(v, "{}") {
			return v
		}
	}
	return ""
}

// resolveLazyImage gives a picture the address from which a script or a newer browser
// would load it: feed readers and mail programs do neither.
func resolveLazyImage(n *html.Node) {
	if n.Data == "picture" {
		addPictureImage(n)
		return
	}
	if n.Data != "img" && n.Data != "source" {
		return
	}
	src, srcset := firstAttr(n, lazySources), firstAttr(n, lazySets)
	switch {
	case srcset != "":
		htmldom.SetAttr(n, "srcset", srcset)
	case src != "":
		htmldom.RemoveAttr(n, "srcset") // that of the placeholder
	}
	if n.Data == "source" {
		return
	}
	if src == "" && (srcset != "" || strings.TrimSpace(htmldom.Attr(n, "src")) == "") {
		src = bestCandidate(htmldom.Attr(n, "srcset"))
	}
	if src != "" {
		htmldom.SetAttr(n, "src", src)
	}
}

// addPictureImage adds the <img> that a <picture> lacks.
func addPictureImage(n *html.Node) {
	var srcset string
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "img" {
			return
		}
		if d.Type == html.ElementNode && d.Data == "source" && srcset == "" {
			resolveLazyImage(d)
			srcset = htmldom.Attr(d, "srcset")
		}
	}
	if src := bestCandidate(srcset); src != "" {
		n.AppendChild(htmldom.Element(atom.Img, html.Attribute{Key: "src", Val: src}, html.Attribute{Key: "alt", Val: htmldom.Attr(n, "title")}))
	}
}

var dataPicture = regexp.MustCompile(`(?i)^data:image/(?:png|jpe?g|gif|webp|avif|bmp|svg\+xml)[;,]`)

// isDataPicture reports whether an address contains a picture. No script in it runs when
// it is the source of an <img>.
func isDataPicture(address string) bool { return dataPicture.MatchString(address) }

// image replaces a picture without an address by its description, and gives one from a
// local file its size, so that the text does not jump when it loads.
func (c *Cleaner) image(n *html.Node) {
	src := htmldom.Attr(n, "src")
	if src == "" {
		alt := strings.TrimSpace(htmldom.Attr(n, "alt"))
		if alt == "" {
			c.Warn("img", "a picture without a valid address was left out; give it a src")
		}
		htmldom.Replace(n, textNode(alt))
		return
	}
	width, height := htmldom.Attr(n, "width"), htmldom.Attr(n, "height")
	if !isPixels(width) || !isPixels(height) {
		htmldom.RemoveAttr(n, "width")
		htmldom.RemoveAttr(n, "height")
		w, h := c.sizeOf(src)
		switch {
		case w == 0 || h == 0:
		case isPixels(width):
			w, h = scaled(width, w, h)
			fallthrough
		default:
			htmldom.SetAttr(n, "width", strconv.Itoa(w))
			htmldom.SetAttr(n, "height", strconv.Itoa(h))
		}
	}
	if !hasAttr(n, "alt") {
		n.Attr = append(n.Attr, html.Attribute{Key: "alt"})
	}
}

func scaled(width string, w, h int) (int, int) {
	n, _ := strconv.Atoi(width)
	return n, max(h*n/w, 1)
}

func isPixels(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 100_000
}

// FirstImage returns the first picture of a body that is more than a tracking pixel; nil if there is none.
func FirstImage(root *html.Node) *post.Image {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "img" {
			continue
		}
		u, err := url.Parse(htmldom.Attr(n, "src"))
		if err != nil || u.Host == "" {
			continue
		}
		img := &post.Image{URL: u.String(), Alt: strings.TrimSpace(htmldom.Attr(n, "alt"))}
		img.Width, _ = strconv.Atoi(htmldom.Attr(n, "width"))
		img.Height, _ = strconv.Atoi(htmldom.Attr(n, "height"))
		if img.Width == 1 && img.Height == 1 {
			continue
		}
		return img
	}
	return nil
}
