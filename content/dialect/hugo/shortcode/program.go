package shortcode

import (
	"errors"
	htmltemplate "html/template"
	"io"
	"maps"
	"publisher/content/dialect"
	"publisher/content/limits"
	"publisher/content/post"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
)

// hugoTemplate is a shortcode's, in the language of html/template.
type Template struct {
	Text   string
	IsHTML bool // else Markdown
}

// What else templates may call, and what render hooks, has a prefix before its name.
const (
	HookPrefix    = "\x00"
	PartialPrefix = "\x01"
	WordPrefix    = "\x02" // of a language's words: the language, a slash and the key
)

// hugoHost is what shortcodes and templates ask of the rules of Hugo.
type hugoHost interface {
	// folder is the page's folder below its language's content folder.
	Folder(a *dialect.Page) string
	// languageOf is the page's language by its lower-case tag, else the first one.
	LanguageOf(a *dialect.Page) string
	// firstLanguage is the blog's default one.
	FirstLanguage() string
	// inLanguage puts the folder or the host of the page's language before an address.
	InLanguage(a *dialect.Page, where string) string
	// slugPath makes a path of an address of a text.
	SlugPath(text string) string
}

// hugoTemplates evaluates the templates of shortcodes for one text. They see the
// page and nothing else: no file, no network, no clock. What they ask for besides
// ends the evaluation with an error.
type HugoTemplates struct {
	*dialect.Expansion
	host     hugoHost
	compiled map[string]hugoProgram
	calls    map[string]int
	page     *Page
	steps    int
	bytes    int
	depth    int      // of partials
	returned *any     // by the partial that is evaluated
	files    []string // of the page's bundle
}

// A text's templates together may take so many steps, and go over so many bytes.
const (
	maxTemplateSteps = 100_000
	maxTemplateBytes = 4 << 20
)

var (
	errTemplate = errors.New("the template asks for what is not known here")
	errTooMuch  = errors.New("the template does more than a shortcode can need")
)

// hugoProgram is a *template.Template of either package; nil where the template
// cannot be evaluated.
type hugoProgram interface {
	Execute(w io.Writer, data any) error
}

func NewTemplates(m *dialect.Expansion, host hugoHost) *HugoTemplates {
	return &HugoTemplates{Expansion: m, host: host, compiled: map[string]hugoProgram{}, calls: map[string]int{}}
}

// run evaluates a template; ok is false where it cannot be.
func (h *HugoTemplates) Run(t Template, name string, call any) (string, bool) {
	program, seen := h.compiled[name]
	if !seen {
		program = h.compile(name, t)
		h.compiled[name] = program
	}
	if program == nil {
		return "", false
	}
	out := &boundedText{templates: h}
	if err := program.Execute(out, call); err != nil {
		h.Article.Budget.Check()
		if errors.Is(err, errTooMuch) {
			h.Article.Budget.Fail(&limits.Error{Limit: "what a shortcode's or hook's template may do", Message: "take away the loops or texts that repeat in the template of " + post.Clip(strings.TrimPrefix(name, HookPrefix))})
		}
		return "", false
	}
	return out.String(), true
}

// boundedText takes what a template writes.
type boundedText struct {
	strings.Builder
	templates *HugoTemplates
}

func (b *boundedText) Write(p []byte) (int, error) {
	if b.templates.bytes += len(p); b.templates.bytes > maxTemplateBytes {
		return 0, errTooMuch
	}
	b.templates.Article.Budget.Output(len(p))
	return b.Builder.Write(p)
}

func (h *HugoTemplates) compile(name string, t Template) hugoProgram {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck // a branch that is not taken may call anything
	if _, err := tree.Parse(t.Text, "", "", map[string]*parse.Tree{}); err != nil {
		return nil
	}
	w := &templateRewriter{}
	if w.list(tree.Root); w.refused {
		return nil
	}
	functions := h.functions()
	maps.Copy(functions, map[string]any{"step_": h.step, "out_": h.out})
	if t.IsHTML {
		if program, err := htmltemplate.New(name).Funcs(functions).AddParseTree(name, tree); err == nil {
			return program
		}
		return nil
	}
	if program, err := template.New(name).Funcs(functions).AddParseTree(name, tree); err == nil {
		return program
	}
	return nil
}

// step counts the rounds of loops.
func (h *HugoTemplates) step() (bool, error) {
	if h.steps++; h.steps > maxTemplateSteps {
		return false, errTooMuch
	}
	h.Article.Budget.Step(20)
	return true, nil
}

// out lets only what is no list or table be printed: those may be larger than
// they look.
func (h *HugoTemplates) out(v any) (any, error) {
	if v == nil {
		return "", nil
	}
	_, err := h.text(v)
	return v, err
}

// templateRewriter makes a template countable: each round of a loop and each
// value that is printed passes a function. It also finds functions by their long
// names, and keys whatever their case, as Hugo does.
type templateRewriter struct{ refused bool }

func (w *templateRewriter) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe)
			if len(n.Pipe.Decl) == 0 {
				n.Pipe.Cmds = append(n.Pipe.Cmds, callOf("out_"))
			}
		case *parse.IfNode:
			w.branch(&n.BranchNode)
		case *parse.WithNode:
			w.branch(&n.BranchNode)
		case *parse.RangeNode:
			w.branch(&n.BranchNode)
			count := &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: &parse.PipeNode{
				NodeType: parse.NodePipe, Pos: n.Pos, Line: n.Line, Cmds: []*parse.CommandNode{callOf("step_")},
				Decl: []*parse.VariableNode{{NodeType: parse.NodeVariable, Ident: []string{"$step_"}}},
			}}
			n.List.Nodes = append([]parse.Node{count}, n.List.Nodes...)
		case *parse.TemplateNode:
			w.refused = true
		}
	}
}

func callOf(function string) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{parse.NewIdentifier(function)}}
}

func (w *templateRewriter) branch(n *parse.BranchNode) {
	w.pipe(n.Pipe)
	w.list(n.List)
	w.list(n.ElseList)
}

func (w *templateRewriter) pipe(p *parse.PipeNode) {
	for _, c := range p.Cmds {
		for i := range c.Args {
			c.Args[i] = w.argument(c.Args[i])
		}
	}
}

func (w *templateRewriter) argument(n parse.Node) parse.Node {
	switch n := n.(type) {
	case *parse.PipeNode:
		w.pipe(n)
	case *parse.FieldNode:
		foldCase(n.Ident)
	case *parse.VariableNode:
		foldCase(n.Ident[1:])
	case *parse.IdentifierNode:
		switch n.Ident {
		case "html", "js", "urlquery", "call": // they print what they are given
			w.refused = true
		}
	case *parse.ChainNode:
		if of, ok := n.Node.(*parse.IdentifierNode); ok && len(n.Field) == 1 {
			if short, ok := shortName(of.Ident, n.Field[0]); ok {
				return parse.NewIdentifier(short).SetPos(n.Pos)
			}
		}
		n.Node = w.argument(n.Node)
		foldCase(n.Field)
	}
	return n
}

// foldCase writes keys as the tables here have them: in lower case. What begins
// with a capital is a field or method of Hugo's, but for a key of Params.
func foldCase(names []string) {
	for i, name := range names {
		if unicode.IsLower([]rune(name)[0]) || i > 0 && (names[i-1] == "Params" || names[i-1] == strings.ToLower(names[i-1])) {
			names[i] = strings.ToLower(name)
		}
	}
}
