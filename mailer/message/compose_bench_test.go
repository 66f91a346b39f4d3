package message

import (
	"strings"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	m := compose(b, testConfig(), testDigest(testPosts(10, 10)...))
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = m.Append(buffer[:0], recipient(30))
	}
	b.SetBytes(int64(len(buffer)))
}

func BenchmarkCompose(b *testing.B) {
	cfg, d := testConfig(), testDigest(testPosts(20, 60)...)
	for b.Loop() {
		compose(b, cfg, d)
	}
}

func BenchmarkExcerptText(b *testing.B) {
	excerpt := strings.Repeat("<p>A sentence of <em>some</em> words with <a href='https://example.com'>a link</a>.</p>", 20)
	for b.Loop() {
		ExcerptText(excerpt)
	}
}
