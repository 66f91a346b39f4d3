package eleventy

import (
	"path/filepath"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/post"
	"publisher/content/script"
)

// preprocessor is a function of addPreprocessor: it drops files for which it returns false.
type preprocessor struct {
	extensions []string
	all        bool
	function   *script.Function // nil where it was not found
	code       string           // source; "" where it is not in the config
	post.Omission
}

var addPreprocessor = regexp.MustCompile(`\.addPreprocessor\(\s*["'\x60]([^"'\x60\n]*)["'\x60]\s*,\s*(?:["'\x60]([^"'\x60\n]*)["'\x60]|\[([^\]]*)\])\s*,\s*`)

// readPreprocessors reads the config's addPreprocessor calls.
func (r *configRules) readPreprocessors(e *Engine, file, text string) {
	for _, m := range addPreprocessor.FindAllStringSubmatchIndex(text, -1) {
		pre := preprocessor{Omission: e.at(file, text, m[0], "addPreprocessor")}
		f, ok := e.functions.preprocessors[text[m[2]:m[3]]]
		if !ok {
			f, ok = e.functions.program.ParseExpression(filepath.ToSlash(file), argumentAt(text, m[1]))
		}
		if ok {
			pre.function, pre.code = &f, f.Source()
		}
		list := ""
		for _, group := range [][2]int{{m[4], m[5]}, {m[6], m[7]}} {
			if group[0] >= 0 {
				list = text[group[0]:group[1]]
			}
		}
		for ext := range strings.SplitSeq(list, ",") {
			ext = strings.Trim(ext, " \t\n\"'`.")
			pre.all = pre.all || ext == "*"
			pre.extensions = append(pre.extensions, "."+ext)
		}
		r.preprocessors = append(r.preprocessors, pre)
	}
}

var mayBeFalse = regexp.MustCompile(`\bfalse\b|!|==|&&`)

// preprocessorOmission returns why a preprocessor drops, or may drop, a page; nil where it does not.
func (e *Engine) preprocessorOmission(pre preprocessor, p *dialect.Page) *post.Omission {
	o := pre.Omission
	if pre.code == "" {
		o.Held, o.Reason = true, o.Reason+" of a function that is not in the config"
		return &o
	}
	dropped, other, doubtful := 0, 0, 0
	for _, v := range pre.function.Results(e.host(nil, p), e.dataObject(p), script.UnknownString()) {
		u, _ := v.(script.Unknown)
		switch {
		case v == false:
			dropped++
		case script.MayBe(v, false) && (!u.IsAny() || mayBeFalse.MatchString(pre.code)):
			doubtful++
		default:
			other++
		}
	}
	switch {
	case dropped+doubtful == 0:
		return nil
	case other+doubtful > 0:
		o.Held, o.Reason = true, o.Reason+" on a condition"
	default:
		o.Reason += " returns false"
	}
	return &o
}
