// Package benchtree makes a large blog to measure with: the same one each time,
// and one that every engine reads alike.
package benchtree

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Blog is how large the blog is to be.
type Blog struct {
	Posts int // 5 kB each
	Tags  int // two or three of them at each post
}

// postBytes is how long a post's body is to be at least.
const postBytes = 4700

// Write makes the posts below dir, in a folder for each year. Their files look as if
// they had been written an hour ago, so that the first scan already knows them well.
func (b Blog) Write(dir string) error {
	written := time.Now().Add(-time.Hour)
	for n := range b.Posts {
		file := filepath.Join(dir, filepath.FromSlash(b.Path(n)))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(b.Text(n)), 0o644); err != nil {
			return err
		}
		if err := os.Chtimes(file, written, written); err != nil {
			return err
		}
	}
	return nil
}

// Path is the file of a post, slash-separated; post 0 is the oldest.
func (b Blog) Path(n int) string {
	return fmt.Sprintf("%d/%05d-%s.md", b.date(n).Year(), n, strings.ReplaceAll(strings.ToLower(headline(n)), " ", "-"))
}

// date spreads the posts over ten years.
func (b Blog) date(n int) time.Time {
	const years = 10
	first := time.Date(2015, 1, 1, 6, 0, 0, 0, time.UTC)
	return first.Add(time.Duration(n) * (years * 365 * 24 * time.Hour / time.Duration(max(b.Posts, 1)))).Truncate(time.Second)
}

func headline(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	return fmt.Sprintf("The %s %s of %s", pick(random), pick(random), pick(random))
}

// Text is the whole file of a post.
func (b Blog) Text(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 2))
	var t strings.Builder
	fmt.Fprintf(&t, "---\ntitle: %q\ndate: %s\n", fmt.Sprintf("%s, part %d", headline(n), n), b.date(n).Format(time.RFC3339))
	if b.Tags > 0 {
		fmt.Fprintf(&t, "tags: [tag-%d, tag-%d, tag-%d]\n", n%b.Tags, random.IntN(b.Tags), random.IntN(b.Tags))
	}
	fmt.Fprintf(&t, "author: Ada Example\n---\n\n%s\n\n<!--more-->\n", paragraph(random, 60))
	for part := 1; t.Len() < postBytes; part++ {
		fmt.Fprintf(&t, "\n## %s %s\n\n%s\n\n%s\n", title(pick(random)), pick(random), paragraph(random, 90), paragraph(random, 60))
		t.WriteString(block(random, part+n))
	}
	return t.String()
}

// block is one of what posts hold beside paragraphs.
func block(random *rand.Rand, kind int) string {
	var t strings.Builder
	switch kind % 6 {
	case 0:
		fmt.Fprintf(&t, "\n```go\nfunc %s(%s int) error {\n\tfor i := range %s {\n\t\tif err := %s(i); err != nil {\n\t\t\treturn fmt.Errorf(\"%s: %%w\", err)\n\t\t}\n\t}\n\treturn nil\n}\n```\n",
			pick(random), pick(random), pick(random), pick(random), pick(random))
	case 1:
		fmt.Fprintf(&t, "\n| %s | %s | %s |\n| --- | --- | ---: |\n", pick(random), pick(random), pick(random))
		for range 4 {
			fmt.Fprintf(&t, "| %s | %s %s | %d |\n", pick(random), pick(random), pick(random), random.IntN(1000))
		}
	case 2:
		t.WriteByte('\n')
		for range 5 {
			fmt.Fprintf(&t, "- %s **%s** %s %s\n", title(pick(random)), pick(random), pick(random), pick(random))
		}
	case 3:
		fmt.Fprintf(&t, "\n![%s %s](https://images.example.com/%s-%d.jpg)\n", pick(random), pick(random), pick(random), random.IntN(1000))
	case 4:
		fmt.Fprintf(&t, "\n> %s\n", paragraph(random, 25))
	case 5:
		fmt.Fprintf(&t, "\n1. %s\n2. %s\n3. %s\n", paragraph(random, 8), paragraph(random, 8), paragraph(random, 8))
	}
	return t.String()
}

// paragraph has about as many words as asked for, in sentences, with some of them
// emphasised, linked or code.
func paragraph(random *rand.Rand, words int) string {
	var t strings.Builder
	for n := 0; n < words; {
		length := 6 + random.IntN(12)
		for i := range length {
			word := pick(random)
			if i == 0 {
				word = title(word)
			} else {
				t.WriteByte(' ')
			}
			switch random.IntN(40) {
			case 0:
				word = "*" + word + "*"
			case 1:
				word = "[" + word + "](https://example.org/" + word + "/)"
			case 2:
				word = "`" + word + "`"
			}
			t.WriteString(word)
		}
		t.WriteString(". ")
		n += length
	}
	return strings.TrimSpace(t.String())
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func pick(random *rand.Rand) string {
	return vocabulary[random.IntN(len(vocabulary))]
}

var vocabulary = strings.Fields(`anchor basin candle distance ember feather garden harbour island journey
kernel lantern meadow needle orchard paper quarry river signal timber umbrella valley
window yarn zenith bridge cloud drift engine forest glacier hollow iron jacket kettle
ladder marble number ocean pillar quiet ridge stone tunnel upland village weather
between around toward without beneath along after before slowly gently rarely often
carries follows gathers measures settles turns wanders builds keeps moves the a an of
in on and or but with from over under this that each every no some`)
