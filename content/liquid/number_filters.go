package liquid

import (
	"math"
	"strconv"
	"strings"
)

// numberFilter calculates. In Liquid a number with a fraction gives a result with one, and dividing whole
// numbers gives a whole number.
func (e *Evaluator) numberFilter(name string, v any, arguments []any) (any, bool) {
	out, ok := plainNumberFilter(name, v, arguments)
	if !ok || e.Nunjucks {
		return out, ok
	}
	return e.rubyNumberFilter(name, v, arguments, out)
}

func plainNumberFilter(name string, v any, arguments []any) (any, bool) {
	x, isNumber := numberOf(v)
	if !isNumber {
		return nil, false
	}
	var y float64
	if len(arguments) > 0 {
		y, _ = numberOf(arguments[0])
	}
	switch name {
	case "plus":
		return x + y, true
	case "minus":
		return x - y, true
	case "times":
		return x * y, true
	case "divided_by":
		return math.Floor(x / y), y != 0
	case "modulo":
		return math.Mod(x, y), y != 0
	case "round":
		scale := math.Pow10(int(max(0, min(y, 9))))
		return math.Round(x*scale) / scale, true
	case "ceil":
		return math.Ceil(x), true
	case "floor":
		return math.Floor(x), true
	case "abs":
		return math.Abs(x), true
	case "at_least":
		return max(x, y), true
	case "at_most":
		return min(x, y), true
	}
	return nil, false
}

// rubyNumberFilter returns the result of a filter as the kind of number that Ruby returns.
func (e *Evaluator) rubyNumberFilter(name string, v any, arguments []any, out any) (any, bool) {
	x, _ := numberOf(v)
	y := 0.0
	broken := isDecimal(v)
	if len(arguments) > 0 {
		y, _ = numberOf(arguments[0])
		broken = broken || isDecimal(arguments[0])
	}
	switch name {
	case "divided_by":
		if broken {
			return rounded(x / y), y != 0
		}
		return math.Floor(x / y), y != 0
	case "modulo":
		if y == 0 {
			return nil, false
		}
		out = x - y*math.Floor(x/y)
	case "round":
		broken = y > 0
	case "ceil", "floor":
		broken = false
	}
	n, ok := rubyNumber(out)
	if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
		return nil, false
	}
	if broken {
		return rounded(n), true
	}
	return n, true
}

// rounded removes the rounding errors at the end of a fraction, which Liquid's decimals do not have.
func rounded(n float64) Decimal {
	m, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil {
		return Decimal(n)
	}
	return Decimal(m)
}

func isDecimal(v any) bool {
	switch v := v.(type) {
	case Decimal:
		return true
	case string:
		return strings.Contains(v, ".")
	}
	return false
}
