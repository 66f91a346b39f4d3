package script

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDbg(t *testing.T) {
	root := os.Getenv("DBG")
	if root == "" {
		t.Skip()
	}
	var files []File
	filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "src") {
			return filepath.SkipDir
		}
		if e := filepath.Ext(p); e == ".js" || e == ".mjs" || e == ".cjs" {
			b, _ := os.ReadFile(p)
			files = append(files, File{p, string(b)})
		}
		return nil
	})
	p := Load(files)
	t.Log(len(files), len(p.modules))
	for _, ms := range [][]string{{"addFilter", "addLiquidFilter", "addNunjucksFilter"}, {"addShortcode", "addAsyncShortcode", "addNunjucksShortcode", "addNunjucksAsyncShortcode", "addLiquidShortcode"}, {"addPairedShortcode"}} {
		for name, f := range p.Registered(ms...) {
			_, err := f.Call(Host{}, "text", "b", "c")
			t.Log(ms[0], name, err)
		}
	}
}
