package eleventy

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/post"
)

// ignore is a glob of files to leave out, from the project's folder.
type ignore struct {
	glob string // lower-case
	post.Omission
}

var noGitIgnore = regexp.MustCompile(`\.setUseGitIgnore\(\s*false\s*\)`)

// ignoreFile reads an ignore file, whose lines count from its folder. Eleventy supports no negated
// lines.
func (r *configRules) ignoreFile(e *Engine, folder, name string) {
	file := filepath.Join(e.settings.Root, filepath.FromSlash(folder), name)
	raw, err := e.ReadFile(file)
	if err != nil {
		return
	}
	e.settings.Text = append(e.settings.Text, raw...)
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		o := e.at(file, "", 0, name+": "+post.Clip(line))
		o.Line = i + 1
		r.ignores = append(r.ignores, ignore{ignoreGlob(folder, line), o})
	}
}

// ignoreGlob returns a line of an ignore file as a glob from the project's folder.
func ignoreGlob(folder, line string) string {
	return strings.ToLower(strings.TrimPrefix(path.Join(folder, "/"+line), "/"))
}

var (
	ignoresAdd  = regexp.MustCompile(`\.ignores\s*\.\s*(add|delete)\(\s*`)
	literalText = regexp.MustCompile("^(?:\"([^\"\\\\\n]*)\"|'([^'\\\\\n]*)'|`([^`$\\\\]*)`)\\s*,?\\s*[),]")
	conditional = regexp.MustCompile(`\b(?:if|else|for|while|switch|case|catch)\b|\.(?:forEach|map)\(|&&|\|\||\?[^.]`)
)

// readIgnores reads the config's ignores.add("…") and ignores.delete("…").
func (r *configRules) readIgnores(e *Engine, file, text string) {
	for _, m := range ignoresAdd.FindAllStringSubmatchIndex(text, -1) {
		o := e.at(file, text, m[0], "ignores."+text[m[2]:m[3]])
		glob, known := "", true
		if arg := literalText.FindStringSubmatch(text[m[1]:]); arg != nil {
			glob = arg[1] + arg[2] + arg[3]
		} else {
			glob, known = e.functions.program.EvalString(filepath.ToSlash(file), argumentAt(text, m[1]))
		}
		if !known {
			o.Held, o.Reason = true, o.Reason+" of a computed value"
			r.doubt = dialect.PickOmission(r.doubt, &o)
			continue
		}
		o.Reason += ": " + post.Clip(glob)
		if o.Held = isConditional(text, m[0]); o.Held {
			o.Reason += " (on a condition)"
		}
		if strings.HasPrefix(glob, "**/") {
			glob = strings.ToLower(glob)
		} else {
			glob = ignoreGlob(".", glob)
		}
		switch {
		case text[m[2]:m[3]] == "add":
			r.ignores = append(r.ignores, ignore{glob, o})
		case !o.Held:
			r.ignores = slices.DeleteFunc(r.ignores, func(i ignore) bool { return i.glob == glob && strings.HasPrefix(i.Reason, "ignores.") })
		}
	}
}
