package liquid

import (
	"regexp"
	"strconv"
	"strings"
)

// liquidState is what tags remember from one use to the next, in the text and its includes.
type liquidState struct {
	counters map[string]int // of increment and decrement
	cycles   map[string]int
	offsets  map[string]int // where loops ended, for offset:continue
	changed  string         // what ifchanged wrote last
}

// maxStates bounds how many names a text may count by.
const maxStates = 1000

func (r *liquidRun) state() *liquidState {
	if r.states == nil {
		r.states = &liquidState{counters: map[string]int{}, cycles: map[string]int{}, offsets: map[string]int{}}
	}
	return r.states
}

// counter is increment, which writes 0, 1, 2, or decrement, which writes -1, -2.
func (l *Evaluator) counter(tag Mark) string {
	l.useOutside()
	s, name := l.state(), strings.TrimSpace(tag.Arguments)
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
	l.vars[0][name] = float64(s.counters[name])
	return strconv.Itoa(n)
}

var cycleGroup = regexp.MustCompile(`^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*:\s*`)

// cycle writes the next of its values, each group of values from the first on.
func (l *Evaluator) cycle(tag Mark) string {
	l.useOutside()
	s, values, group := l.state(), tag.Arguments, tag.Arguments
	if m := cycleGroup.FindStringSubmatch(values); m != nil {
		values = values[len(m[0]):]
		v, _ := l.operand(m[1])
		group = Text(v)
	}
	var list []string
	for _, token := range l.tokensOf(values) {
		if token != "," {
			v, _ := l.operand(token)
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

// ifChanged writes its inner text where it differs from what the last one wrote.
func (l *Evaluator) ifChanged(n, depth int) {
	l.useOutside()
	inner := l.inner(n, depth)
	if s := l.state(); s.changed != inner {
		s.changed = inner
		l.out.WriteString(inner)
	}
}

// tableRow writes the rows of a table.
func (l *Evaluator) tableRow(n, depth int) {
	mark := l.marks[n]
	m := forLoop.FindStringSubmatch(mark.Arguments)
	if m == nil {
		l.warnUnevaluated(mark, "{% tablerow "+mark.Arguments+" %}")
		return
	}
	list, known := l.looped(m[2], m[3])
	if !known {
		l.warnUnevaluated(mark, "{% tablerow "+mark.Arguments+" %}")
		return
	}
	columns := len(list)
	if c := tableColumns.FindStringSubmatch(m[3]); c != nil {
		v, _ := l.operand(c[1])
		if n, ok := numberOf(v); ok && n >= 1 {
			columns = int(min(n, maxLiquidSteps))
		}
	}
	l.vars = append(l.vars, map[string]any{})
	defer func() { l.vars = l.vars[:len(l.vars)-1] }()
	scope := l.vars[len(l.vars)-1]
	l.emit("<tr class=\"row1\">\n")
	for i, item := range list {
		if l.steps++; l.steps > maxLiquidSteps {
			l.refuse(mark, depth)
		}
		l.Budget.Step(4)
		column, row := i%columns+1, i/columns+1
		scope["tablerowloop"], scope[m[1]] = tableState{loopState{i, len(list), nil}, column, row, columns}, item
		l.emit(`<td class="col` + strconv.Itoa(column) + `">`)
		l.branch(n, mark.end, depth)
		l.emit("</td>")
		if column == columns && i < len(list)-1 {
			l.emit("</tr>\n<tr class=\"row" + strconv.Itoa(row+1) + "\">")
		}
		leave := l.leave
		if l.leave = ""; leave == "break" {
			break
		}
	}
	l.emit("</tr>\n")
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

// lines evaluates {% liquid %}, which has a tag in each line.
func (l *Evaluator) lines(tag Mark) {
	if l.depth >= maxIncludes {
		return
	}
	var b strings.Builder
	for line := range strings.SplitSeq(tag.Arguments, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("{%- " + line + " -%}")
		}
	}
	inner := &Evaluator{liquidRun: l.liquidRun, text: b.String(), vars: l.vars, uses: l.uses, within: l.within, origin: l.offset(tag), depth: l.depth + 1, quiet: true}
	l.out.WriteString(inner.expanded())
	if inner.failed && !l.failed {
		l.warnUnevaluated(tag, "{% liquid %}")
	}
}
