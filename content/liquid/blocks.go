package liquid

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// countItems adds what a long list costs to the steps.
func (e *Evaluator) countItems(items int) {
	e.steps += items / 64
	e.Budget.Step(items)
}

// conditional writes the first branch whose condition holds.
func (e *Evaluator) conditional(n, depth int) {
	mark := e.tags[n]
	holds := e.condition(mark.Arguments) != (mark.Name == "unless")
	first, from := n+1, mark.To
	for i := n + 1; i < mark.end; i++ {
		branch := e.tags[i]
		if branch.end != 0 {
			i = branch.end
			continue
		}
		if branch.Name != "else" && branch.Name != "elsif" && branch.Name != "elif" && branch.Name != "elseif" {
			continue
		}
		if holds {
			e.writeTags(first, i, from, branch.From, depth+1)
			return
		}
		first, from = i+1, branch.To
		holds = branch.Name == "else" || e.condition(branch.Arguments)
	}
	if holds {
		e.writeTags(first, mark.end, from, e.tags[mark.end].From, depth+1)
	}
}

// branches returns the tags that divide a block, such as its else, without those of blocks inside it.
func (e *Evaluator) branches(n int, names ...string) []int {
	var found []int
	for i := n + 1; i < e.tags[n].end; i++ {
		if mark := e.tags[i]; mark.end != 0 {
			i = mark.end
		} else if !mark.output && slices.Contains(names, mark.Name) {
			found = append(found, i)
		}
	}
	return found
}

// branch writes what is between two tags.
func (e *Evaluator) branch(from, to, depth int) {
	e.writeTags(from+1, to, e.tags[from].To, e.tags[to].From, depth+1)
}

// choose writes the branches of a case whose when has its value.
func (e *Evaluator) choose(n, depth int) {
	mark := e.tags[n]
	subject, _ := e.evaluate(mark.Arguments)
	matched := false
	list := e.branches(n, "when", "else")
	for i, at := range list {
		end := mark.end
		if i+1 < len(list) {
			end = list[i+1]
		}
		holds := !matched
		if e.tags[at].Name == "when" {
			holds = e.isAmong(subject, e.tags[at].Arguments)
			matched = matched || holds
		}
		if holds {
			e.branch(at, end, depth)
		}
	}
}

func (e *Evaluator) isAmong(subject any, values string) bool {
	return slices.ContainsFunc(tokenPattern.FindAllString(values, 200), func(token string) bool {
		if token == "," || token == "or" {
			return false
		}
		v, _ := e.operand(token)
		return compareValues(subject, "==", v)
	})
}

var (
	forLoop   = regexp.MustCompile(`^([\w-]+)\s+in\s+(\([^()]*\)|\S+)\s*(.*)$`)
	forOption = regexp.MustCompile(`\b(limit|offset)\s*:\s*(\S+)`)
	forRange  = regexp.MustCompile(`^\(\s*(\S+?)\s*\.\.+\s*(\S+?)\s*\)$`)
)

func (e *Evaluator) loop(n, depth int) {
	mark := e.tags[n]
	m := forLoop.FindStringSubmatch(mark.Arguments)
	var list []any
	known := false
	if m != nil {
		list, known = e.looped(m[2], m[3])
	}
	otherwise := e.branches(n, "else")
	end := mark.end
	if len(otherwise) > 0 {
		end = otherwise[0]
		if len(list) == 0 {
			e.branch(end, mark.end, depth)
			return
		}
	}
	if !known {
		e.warnUnevaluated(mark, "{% for "+mark.Arguments+" %}")
		return
	}
	e.vars = append(e.vars, map[string]any{})
	defer func() { e.vars = e.vars[:len(e.vars)-1] }()
	scope := e.vars[len(e.vars)-1]
	var parent any
	for i := len(e.vars) - 2; i > 0 && parent == nil; i-- {
		parent = e.vars[i]["forloop"]
	}
	for i, item := range list {
		if e.steps++; e.steps > maxSteps {
			e.refuse(mark, depth)
		}
		e.Budget.Step(4)
		scope["forloop"], scope[m[1]] = loopState{i, len(list), parent}, item
		e.branch(n, end, depth)
		leave := e.leave
		if e.leave = ""; leave == "break" {
			return
		}
	}
}

// loopState is Liquid's forloop: the progress of a loop.
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

// looped returns what a loop iterates over. Offset and limit come before reversed, as in Liquid.
func (e *Evaluator) looped(expression, options string) (list []any, known bool) {
	if list, known = e.collection(expression, options); !known {
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
			v, _ := e.operand(option[2])
			n, ok := numberOf(v)
			if option[2] == "continue" && key == "offset" {
				n, ok = float64(e.state().offsets[expression]), true
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
	if s := e.state(); !e.Nunjucks && len(s.offsets) < maxStates {
		s.offsets[expression] = from + len(list)
	}
	if slices.Contains(strings.Fields(options), "reversed") {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return list, true
}

func (e *Evaluator) collection(expression, options string) (list []any, known bool) {
	if m := forRange.FindStringSubmatch(expression); m != nil {
		from, _ := e.operand(m[1])
		to, _ := e.operand(m[2])
		first, ok := numberOf(from)
		last, both := numberOf(to)
		// counting, since adding 1 to a very large number changes nothing
		for i := first; ok && both && i <= last && len(list) <= maxSteps; i++ {
			list = append(list, i)
		}
		e.countItems(len(list))
		return list, ok && both
	}
	if strings.HasPrefix(options, "|") && e.Nunjucks { // filters, as in Nunjucks
		expression += " " + options
	}
	v, known := e.evaluate(expression)
	if table, ok := v.(iterable); ok {
		v = table.All()
	}
	switch v := v.(type) {
	case []any:
		return v, known
	case string:
		if !e.Nunjucks && v != "" {
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
