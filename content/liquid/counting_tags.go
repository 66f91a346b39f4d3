package liquid

import (
	"regexp"
	"strconv"
	"strings"
)

// tagState is what tags remember from one use to the next, in a text and its includes.
type tagState struct {
	counters map[string]int // of increment and decrement
	cycles   map[string]int
	offsets  map[string]int // where loops ended, for offset: continue
	changed  string         // the last output of ifchanged
}

// maxStates bounds how many names a text may use for counting.
const maxStates = 1000

func (r *evaluation) state() *tagState {
	if r.states == nil {
		r.states = &tagState{counters: map[string]int{}, cycles: map[string]int{}, offsets: map[string]int{}}
	}
	return r.states
}

// counter returns the output of increment, which is 0, 1, 2, or of decrement, which is -1, -2.
func (e *Evaluator) counter(tag Tag) string {
	e.useOutside()
	s, name := e.state(), strings.TrimSpace(tag.Arguments)
	if len(s.counters) >= maxStates {
		return ""
	}
	n := s.counters[name]
	if tag.Name == "decrement" {
		n--
		s.counters[name] = n
	} else {
		s.counters[name] = n + 1
	}
	e.vars[0][name] = float64(s.counters[name])
	return strconv.Itoa(n)
}

var cycleGroup = regexp.MustCompile(`^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*:\s*`)

// cycle returns the next of a tag's values. Each group of values begins with its first.
func (e *Evaluator) cycle(tag Tag) string {
	e.useOutside()
	s, values, group := e.state(), tag.Arguments, tag.Arguments
	if m := cycleGroup.FindStringSubmatch(values); m != nil {
		values = values[len(m[0]):]
		v, _ := e.operand(m[1])
		group = Text(v)
	}
	var list []string
	for _, token := range e.tokensOf(values) {
		if token != "," {
			v, _ := e.operand(token)
			list = append(list, Text(v))
		}
	}
	if len(list) == 0 || len(s.cycles) >= maxStates {
		return ""
	}
	n := s.cycles[group]
	s.cycles[group] = (n + 1) % len(list)
	return list[n%len(list)]
}

// ifChanged writes its content if it differs from the last one's.
func (e *Evaluator) ifChanged(n, depth int) {
	e.useOutside()
	inner := e.inner(n, depth)
	if s := e.state(); s.changed != inner {
		s.changed = inner
		e.out.WriteString(inner)
	}
}

// tableRow writes the rows of a table.
func (e *Evaluator) tableRow(n, depth int) {
	mark := e.tags[n]
	m := forLoop.FindStringSubmatch(mark.Arguments)
	if m == nil {
		e.warnUnevaluated(mark, "{% tablerow "+mark.Arguments+" %}")
		return
	}
	list, known := e.looped(m[2], m[3])
	if !known {
		e.warnUnevaluated(mark, "{% tablerow "+mark.Arguments+" %}")
		return
	}
	columns := len(list)
	if c := tableColumns.FindStringSubmatch(m[3]); c != nil {
		v, _ := e.operand(c[1])
		if n, ok := numberOf(v); ok && n >= 1 {
			columns = int(min(n, maxSteps))
		}
	}
	e.vars = append(e.vars, map[string]any{})
	defer func() { e.vars = e.vars[:len(e.vars)-1] }()
	scope := e.vars[len(e.vars)-1]
	e.emit("<tr class=\"row1\">\n")
	for i, item := range list {
		if e.steps++; e.steps > maxSteps {
			e.refuse(mark, depth)
		}
		e.Budget.Step(4)
		column, row := i%columns+1, i/columns+1
		scope["tablerowloop"], scope[m[1]] = tableState{loopState{i, len(list), nil}, column, row, columns}, item
		e.emit(`<td class="col` + strconv.Itoa(column) + `">`)
		e.branch(n, mark.end, depth)
		e.emit("</td>")
		if column == columns && i < len(list)-1 {
			e.emit("</tr>\n<tr class=\"row" + strconv.Itoa(row+1) + "\">")
		}
		leave := e.leave
		if e.leave = ""; leave == "break" {
			break
		}
	}
	e.emit("</tr>\n")
}

var tableColumns = regexp.MustCompile(`\bcols\s*:\s*([\w.-]+)`)

// tableState is Liquid's tablerowloop.
type tableState struct {
	loopState
	column, row, columns int
}

func (s tableState) Member(name string) (any, bool) {
	switch name {
	case "col":
		return float64(s.column), true
	case "col0":
		return float64(s.column - 1), true
	case "row":
		return float64(s.row), true
	case "col_first":
		return s.column == 1, true
	case "col_last":
		return s.column == s.columns, true
	}
	return s.loopState.Member(name)
}

// lines evaluates {% liquid %}, which has a tag on each line.
func (e *Evaluator) lines(tag Tag) {
	if e.depth >= maxIncludes {
		return
	}
	var b strings.Builder
	for line := range strings.SplitSeq(tag.Arguments, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("{%- " + line + " -%}")
		}
	}
	inner := &Evaluator{evaluation: e.evaluation, text: b.String(), vars: e.vars, uses: e.uses, within: e.within, origin: e.offset(tag), depth: e.depth + 1, quiet: true}
	e.out.WriteString(inner.expanded())
	if inner.failed && !e.failed {
		e.warnUnevaluated(tag, "{% liquid %}")
	}
}
