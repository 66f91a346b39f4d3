package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// site makes a blog of a few posts whose digest has about 4 kB of text and of HTML
// beyond the template, and its list.
func (b bench) site(dir string, recipients, port int, sign string) error {
	config := fmt.Sprintf(`site: {title: Blog, url: https://example.com}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
content: {excerpt_words: 1000}
server: {listen: 127.0.0.1:0, url: "http://127.0.0.1:8080"}
signup: {mails_per_hour: %d}
mail:
  from: Blog <news@example.com>
  bounce_to: bounces@example.com
  smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d}
`, b.mailsPerHour, port, b.connections)
	if sign != "" {
		config += "  dkim: [{domain: example.com, selector: s1, key_file: key.pem}]\n"
	}
	post := "---\ntitle: A post\ndate: 2024-01-01\n---\n" + strings.Repeat(strings.Repeat("Some words of a sentence that goes on for a while.\n", 5)+"\n", 16)
	for name, text := range map[string]string{"config.yaml": config, "content/posts/a.md": post} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := writeList(filepath.Join(dir, "list.csv"), recipients); err != nil {
		return err
	}
	if sign != "" {
		if err := b.command(dir, "dkim", "generate", "--algorithm", sign, "--domain", "example.com", "--out", "key.pem").Run(); err != nil {
			return fmt.Errorf("publisher dkim generate: %w", err)
		}
	}
	return nil
}

// writeList streams: the peak memory that Linux reports of a child begins with its parent's.
func writeList(file string, recipients int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	list := bufio.NewWriter(f)
	fmt.Fprintln(list, "email")
	for i := range recipients {
		fmt.Fprintf(list, "reader%d@example.net\n", i)
	}
	return errors.Join(list.Flush(), f.Close())
}
