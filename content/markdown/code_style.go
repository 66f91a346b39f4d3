package markdown

import "github.com/alecthomas/chroma/v2"

// codeStyle returns chroma's style "github", which has the colors of GitHub's light
// theme. Chroma's own package of styles reads all of them, some 70, when the program
// starts. A token type that is not named here has the style of its parent type.
func codeStyle() *chroma.Style {
	const (
		text     = "#1f2328"
		red      = "#cf222e"
		blue     = "#0550ae"
		navy     = "#0a3069"
		purple   = "#6639ba"
		brown    = "#953800"
		gray     = "#57606a"
		darkGray = "#24292e"
	)
	return chroma.MustNewStyle("github", chroma.StyleEntries{
		chroma.Background: "bg:#f7f7f7",
		chroma.Error:      "#f6f8fa bg:#82071e",

		chroma.Keyword:     red,
		chroma.Operator:    blue,
		chroma.Punctuation: text,
		chroma.Comment:     gray,

		chroma.NameAttribute:     text,
		chroma.NameBuiltin:       purple,
		chroma.NameBuiltinPseudo: "#6a737d",
		chroma.NameClass:         text,
		chroma.NameConstant:      blue,
		chroma.NameDecorator:     blue,
		chroma.NameEntity:        purple,
		chroma.NameFunction:      purple,
		chroma.NameLabel:         "bold #990000",
		chroma.NameNamespace:     darkGray,
		chroma.NameOther:         text,
		chroma.NameTag:           blue,

		chroma.NameVariable:         brown,
		chroma.NameVariableClass:    brown,
		chroma.NameVariableGlobal:   brown,
		chroma.NameVariableInstance: brown,

		chroma.LiteralString:       navy,
		chroma.LiteralStringSymbol: "#032f62",
		chroma.LiteralNumber:       blue,

		chroma.GenericDeleted:   "#82071e bg:#ffebe9",
		chroma.GenericEmph:      text,
		chroma.GenericInserted:  "#116329 bg:#dafbe1",
		chroma.GenericOutput:    text,
		chroma.GenericUnderline: "underline",

		chroma.TextWhitespace: "#ffffff",
	})
}
