package liquid

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// countItems counts what a long list costs among the steps.
func (l *Evaluator) countItems(items int) {
	l.steps += items / 64
	l.Budget.Step(items)
}

// conditional writes the first branch whose condition holds.
func (l *Evaluator) conditional(n, depth int) {
	mark := l.marks[n]
	holds := l.condition(mark.Arguments) != (mark.Name == "unless")
	first, from := n+1, mark.To
	for i := n + 1; i < mark.end; i++ {
		branch := l.marks[i]
		if branch.end != 0 {
			i = branch.end
			continue
		}
		if branch.Name != "else" && branch.Name != "elsif" && branch.Name != "elif" && branch.Name != "elseif" {
			continue
		}
		if holds {
			l.writeMarks(first, i, from, branch.From, depth+1)
			return
		}
		first, from = i+1, branch.To
		holds = branch.Name == "else" || l.condition(branch.Arguments)
	}
	if holds {
		l.writeMarks(first, mark.end, from, l.marks[mark.end].From, depth+1)
	}
}

// branches are the marks of a block that divide it, such as its else; those of
// blocks within it are not among them.
func (l *Evaluator) branches(n int, names ...string) []int {
	var found []int
	for i := n + 1; i < l.marks[n].end; i++ {
		if mark := l.marks[i]; mark.end != 0 {
			i = mark.end
		} else if !mark.output && slices.Contains(names, mark.Name) {
			found = append(found, i)
		}
	}
	return found
}

// branch writes what stands from one mark to before another.
func (l *Evaluator) branch(from, to, depth int) {
	l.writeMarks(from+1, to, l.marks[from].To, l.marks[to].From, depth+1)
}

// choose writes the branches of a case whose value is among those of a when.
func (l *Evaluator) choose(n, depth int) {
	mark := l.marks[n]
	subject, _ := l.evaluate(mark.Arguments)
	matched := false
	list := l.branches(n, "when", "else")
	for i, at := range list {
		end := mark.end
		if i+1 < len(list) {
			end = list[i+1]
		}
		holds := !matched
		if l.marks[at].Name == "when" {
			holds = l.isAmong(subject, l.marks[at].Arguments)
			matched = matched || holds
		}
		if holds {
			l.branch(at, end, depth)
		}
	}
}

func (l *Evaluator) isAmong(subject any, values string) bool {
	return slices.ContainsFunc(liquidToken.FindAllString(values, 200), func(token string) bool {
		if token == "," || token == "or" {
			return false
		}
		v, _ := l.operand(token)
		return compareValues(subject, "==", v)
	})
}

var (
	forLoop   = regexp.MustCompile(`^([\w-]+)\s+in\s+(\([^()]*\)|\S+)\s*(.*)$`)
	forOption = regexp.MustCompile(`\b(limit|offset)\s*:\s*(\S+)`)
	forRange  = regexp.MustCompile(`^\(\s*(\S+?)\s*\.\.+\s*(\S+?)\s*\)$`)
)

func (l *Evaluator) loop(n, depth int) {
	mark := l.marks[n]
	m := forLoop.FindStringSubmatch(mark.Arguments)
	var list []any
	known := false
	if m != nil {
		list, known = l.looped(m[2], m[3])
	}
	otherwise := l.branches(n, "else")
	end := mark.end
	if len(otherwise) > 0 {
		end = otherwise[0]
		if len(list) == 0 {
			l.branch(end, mark.end, depth)
			return
		}
	}
	if !known {
		l.warnUnevaluated(mark, "{% for "+mark.Arguments+" %}")
		return
	}
	l.vars = append(l.vars, map[string]any{})
	defer func() { l.vars = l.vars[:len(l.vars)-1] }()
	scope := l.vars[len(l.vars)-1]
	var parent any
	for i := len(l.vars) - 2; i > 0 && parent == nil; i-- {
		parent = l.vars[i]["forloop"]
	}
	for i, item := range list {
		if l.steps++; l.steps > maxLiquidSteps {
			l.refuse(mark, depth)
		}
		l.Budget.Step(4)
		scope["forloop"], scope[m[1]] = loopState{i, len(list), parent}, item
		l.branch(n, end, depth)
		leave := l.leave
		if l.leave = ""; leave == "break" {
			return
		}
	}
}

// loopState is Liquid's forloop: how far a loop has come.
type loopState struct {
	at, length int
	parent     any
}

func (s loopState) Member(name string) (any, bool) {
	switch name {
	case "index":
		return float64(s.at + 1), true
	case "index0":
		return float64(s.at), true
	case "rindex":
		return float64(s.length - s.at), true
	case "rindex0":
		return float64(s.length - s.at - 1), true
	case "first":
		return s.at == 0, true
	case "last":
		return s.at == s.length-1, true
	case "length":
		return float64(s.length), true
	case "parentloop":
		return s.parent, true
	}
	return nil, false
}

// looped is what a loop goes over: offset and limit before reversed, as in Liquid.
func (l *Evaluator) looped(expression, options string) (list []any, known bool) {
	if list, known = l.collection(expression, options); !known {
		return nil, false
	}
	if strings.HasPrefix(options, "|") {
		return list, true
	}
	if options == "" {
		return list, true
	}
	from := 0
	for _, key := range []string{"offset", "limit"} {
		for _, option := range forOption.FindAllStringSubmatch(options, 10) {
			v, _ := l.operand(option[2])
			n, ok := numberOf(v)
			if option[2] == "continue" && key == "offset" {
				n, ok = float64(l.state().offsets[expression]), true
			}
			switch n := int(max(0, min(n, float64(len(list))))); {
			case !ok || option[1] != key:
			case key == "offset":
				from = n
				list = list[n:]
			default:
				list = list[:n]
			}
		}
	}
	if s := l.state(); !l.Nunjucks && len(s.offsets) < maxStates {
		s.offsets[expression] = from + len(list)
	}
	if slices.Contains(strings.Fields(options), "reversed") {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return list, true
}

func (l *Evaluator) collection(expression, options string) (list []any, known bool) {
	if m := forRange.FindStringSubmatch(expression); m != nil {
		from, _ := l.operand(m[1])
		to, _ := l.operand(m[2])
		first, ok := numberOf(from)
		last, both := numberOf(to)
		// counted, since adding 1 to a very large number changes nothing
		for i := first; ok && both && i <= last && len(list) <= maxLiquidSteps; i++ {
			list = append(list, i)
		}
		l.countItems(len(list))
		return list, ok && both
	}
	if strings.HasPrefix(options, "|") && l.Nunjucks { // filters, as Nunjucks has them here
		expression += " " + options
	}
	v, known := l.evaluate(expression)
	if table, ok := v.(lazyTable); ok {
		v = table.All()
	}
	switch v := v.(type) {
	case []any:
		return v, known
	case string:
		if !l.Nunjucks && v != "" {
			return []any{v}, true
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, []any{key, v[key]})
		}
		return list, true
	}
	return nil, false
}
