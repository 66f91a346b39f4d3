package shortcode

import (
	"errors"
	htmltemplate "html/template"
	"io"
	"maps"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"

	"publisher/content/dialect"
	"publisher/content/limits"
	"publisher/content/post"
)

// Host is what shortcodes and templates ask of Hugo's rules.
type Host interface {
	// Library returns the templates for a page, never nil.
	Library(p *dialect.Page) *Library
	// Folder returns the page's folder below its language's content folder.
	Folder(p *dialect.Page) string
	// LanguageOf returns the page's language as a lower-case tag, else the blog's first one.
	LanguageOf(p *dialect.Page) string
	// FirstLanguage returns the blog's default language.
	FirstLanguage() string
	// InLanguage puts the folder or the host of the page's language before an address.
	InLanguage(p *dialect.Page, address string) string
	// SlugPath makes a text a path of an address.
	SlugPath(text string) string
}

// Evaluator evaluates the templates of shortcodes for one text. They see the page and nothing
// else: no file, no network, no clock. Anything else that they use ends the evaluation.
type Evaluator struct {
	*dialect.Expansion
	host     Host
	compiled map[*Template]program
	calls    map[string]int
	context  *PageContext
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
	errUnsupported = errors.New("the template uses what is not supported")
	errLimit       = errors.New("the template exceeds its limits")
)

// program is a *template.Template of either package; nil if the template cannot be evaluated.
type program interface {
	Execute(w io.Writer, data any) error
}

// NewEvaluator returns an evaluator for one text.
func NewEvaluator(x *dialect.Expansion, host Host) *Evaluator {
	return &Evaluator{Expansion: x, host: host, compiled: map[*Template]program{}, calls: map[string]int{}}
}

// Run evaluates a template; ok is false if it cannot be.
func (e *Evaluator) Run(t *Template, call any) (string, bool) {
	program, seen := e.compiled[t]
	if !seen {
		program = e.compile(t)
		e.compiled[t] = program
	}
	if program == nil {
		return "", false
	}
	out := &boundedText{templates: e}
	if err := program.Execute(out, call); err != nil {
		e.Page.Budget.Check()
		if errors.Is(err, errLimit) {
			e.Page.Budget.Fail(&limits.Error{Limit: "what a template of a shortcode or hook may do", Message: "remove repeating loops or texts from the template of " + post.Clip(t.Name)})
		}
		return "", false
	}
	return out.String(), true
}

// boundedText collects a template's output.
type boundedText struct {
	strings.Builder
	templates *Evaluator
}

func (b *boundedText) Write(p []byte) (int, error) {
	if b.templates.bytes += len(p); b.templates.bytes > maxTemplateBytes {
		return 0, errLimit
	}
	b.templates.Page.Budget.Output(len(p))
	return b.Builder.Write(p)
}

func (e *Evaluator) compile(t *Template) program {
	tree := parse.New(t.Name)
	tree.Mode = parse.SkipFuncCheck // a branch that is not taken may call anything
	if _, err := tree.Parse(t.Text, "", "", map[string]*parse.Tree{}); err != nil {
		return nil
	}
	w := &templateRewriter{}
	if w.list(tree.Root); w.refused {
		return nil
	}
	functions := e.functions()
	maps.Copy(functions, map[string]any{"step_": e.step, "out_": e.out})
	if t.IsHTML {
		if program, err := htmltemplate.New(t.Name).Funcs(functions).AddParseTree(t.Name, tree); err == nil {
			return program
		}
		return nil
	}
	if program, err := template.New(t.Name).Funcs(functions).AddParseTree(t.Name, tree); err == nil {
		return program
	}
	return nil
}

// step counts the iterations of loops.
func (e *Evaluator) step() (bool, error) {
	if e.steps++; e.steps > maxTemplateSteps {
		return false, errLimit
	}
	e.Page.Budget.Step(20)
	return true, nil
}

// out refuses to print lists and tables, which may be larger than they look.
func (e *Evaluator) out(v any) (any, error) {
	if v == nil {
		return "", nil
	}
	_, err := e.text(v)
	return v, err
}

// templateRewriter makes a template countable: each iteration and each printed value passes a
// function. It also resolves functions by their long names, and keys of any case, as Hugo does.
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

// foldCase lower-cases keys, as the tables here have them. A name that begins with a capital is a
// field or method of Hugo's, except a key of Params.
func foldCase(names []string) {
	for i, name := range names {
		if unicode.IsLower([]rune(name)[0]) || i > 0 && (names[i-1] == "Params" || names[i-1] == strings.ToLower(names[i-1])) {
			names[i] = strings.ToLower(name)
		}
	}
}
