package jekyll

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/dialect"
)

// scopeRank ranks a scope by the length of its path: the more specific one wins.
func scopeRank(scope map[string]any) int {
	where, _ := scope["path"].(string)
	_, typed := scope["type"]
	rank := 2 * len(strings.Trim(where, "/"))
	if typed {
		rank++
	}
	return rank
}

// frontMatterDefaults returns the values that the settings give to a file: those of the most specific scope
// first, and of equal scopes the last one.
func frontMatterDefaults(own *dialect.Settings, file, kind string) []map[string]any {
	sets, _ := own.Value("defaults").([]any)
	type match struct {
		rank   int
		values map[string]any
	}
	var found []match
	collections := strings.Trim(own.Scalar("collections_dir"), "/") + "/"
	for _, set := range sets {
		set, _ := set.(map[string]any)
		scope, _ := set["scope"].(map[string]any)
		values, _ := set["values"].(map[string]any)
		where, _ := scope["path"].(string)
		of, typed := scope["type"].(string)
		where = strings.TrimPrefix(strings.Trim(where, "/"), collections)
		if values == nil || typed && of != kind && of+"s" != kind || !inScope(where, file) {
			continue
		}
		found = append(found, match{scopeRank(scope), values})
	}
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b match) int { return b.rank - a.rank })
	var out []map[string]any
	for _, m := range found {
		out = append(out, m.values)
	}
	return out
}

// inScope reports whether a file is in a scope, whose path may be a folder, a file or a glob.
func inScope(where, file string) bool {
	if where == "" || where == file || strings.HasPrefix(file, where+"/") {
		return true
	}
	if !strings.ContainsAny(where, "*?[") {
		return false
	}
	for at := file; at != "."; at = path.Dir(at) {
		if ok, _ := doublestar.Match(where, at); ok {
			return true
		}
	}
	return false
}
