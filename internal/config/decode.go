package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder fills a Config from YAML nodes. It exists because every fault must have a line and
// column, and ${NAME} must be replaced only inside values, where it cannot change the
// structure of the document.
type decoder struct {
	file   string
	lookup func(string) (string, bool)
	faults []Fault
	at     map[string]*yaml.Node // each key's value, for faults found later
	start  string                // digest.start, which needs the time zone

	written map[string]string // values that may be secrets, as written in the file
}

func (d *decoder) fault(n *yaml.Node, format string, args ...any) {
	f := Fault{File: d.file, Message: fmt.Sprintf(format, shortened(args)...)}
	if n != nil {
		f.Line, f.Column = n.Line, n.Column
	}
	d.faults = append(d.faults, f)
}

// faultAt reports a fault of the value of a dotted key.
func (d *decoder) faultAt(key, format string, args ...any) {
	d.fault(d.at[key], "%s: "+format, append([]any{key}, args...)...)
}

// shortened cuts long values to what is needed to find them.
func shortened(args []any) []any {
	const most = 400
	out := slices.Clone(args)
	for i, arg := range out {
		if text, ok := arg.(string); ok && len(text) > most {
			out[i] = strings.ToValidUTF8(text[:most], "") + "…"
		}
	}
	return out
}

func (d *decoder) decode(key string, n *yaml.Node, into any) {
	d.value(key, n, reflect.ValueOf(into).Elem())
}

// value decodes one node into a value of any type. A null keeps the default.
func (d *decoder) value(key string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.at[key] = n
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	switch into := v.Addr().Interface().(type) {
	case *[]Cadence:
		d.cadences(key, n, into)
		return
	case *[]Language:
		d.languages(key, n, into)
		return
	case *[]string:
		d.strings(key, n, into)
		return
	case *[]Events:
		d.events(key, n, into)
		return
	case *[]DKIM:
		if n.Kind != yaml.SequenceNode {
			d.fault(n, "%s: must be a list, such as [{domain: example.com, selector: s1, key_file: dkim.pem}]", key)
			return
		}
		*into = make([]DKIM, len(n.Content))
		for i, item := range n.Content {
			d.value(fmt.Sprintf("%s[%d]", key, i), item, reflect.ValueOf(&(*into)[i]).Elem())
		}
		return
	}
	if isScalar(v) {
		if text, ok := d.scalar(key, n); ok {
			d.text(key, n, text, v)
		}
		return
	}
	d.mapping(key, n, v)
}

// isScalar reports whether a type is written as one line of text.
func isScalar(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case *time.Time, **url.URL, **time.Location, **mail.Address, *[]Rate:
		return true
	}
	return v.Kind() != reflect.Struct
}

func (d *decoder) scalar(key string, n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.fault(n, "%s: must be a single value, not a %s", key, kindName(n))
		return "", false
	}
	return d.expand(key, n)
}

// text sets one value from its text. Invalid values are faults.
func (d *decoder) text(key string, n *yaml.Node, text string, v reflect.Value) {
	switch into := v.Addr().Interface().(type) {
	case *time.Duration:
		dur, err := parseDuration(text)
		if err != nil {
			d.fault(n, "%s: invalid duration %q; write it like 90s, 10m, 48h or 3d", key, text)
		}
		*into = dur
	case *time.Time:
		d.start = text
	case **url.URL:
		*into = d.url(key, n, text)
	case **time.Location:
		loc, err := time.LoadLocation(text)
		if err != nil || text == "Local" {
			d.fault(n, "%s: unknown time zone %q; use a name like Europe/Berlin or UTC", key, text)
			loc = time.UTC
		}
		*into = loc
	case **mail.Address:
		*into = d.address(key, n, text)
	case *[]Rate:
		*into = d.rates(key, n, text)
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			d.fault(n, "%s: must be true or false, not %q", key, text)
		}
		*into = b
	case *int:
		i, err := strconv.Atoi(text)
		if err != nil {
			d.fault(n, "%s: must be a whole number, not %q", key, text)
		}
		*into = i
	default:
		if n.Tag != "!!str" && !isSecret(key) && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			switch n.Tag {
			case "!!bool", "!!binary":
				d.fault(n, "%s: must be text, not %s; put it in quotes if you mean this word", key, text)
			}
		}
		if key != "mail.postal_address" && !strings.HasSuffix(key, ".description") && strings.ContainsAny(text, "\r\n") {
			d.fault(n, "%s: must be a single line", key)
		}
		v.SetString(strings.TrimSpace(text))
	}
}

// mapping decodes into a struct by its yaml tags. Other keys are faults.
func (d *decoder) mapping(key string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		name := key
		if name == "" {
			name = "config.yaml"
		}
		d.fault(n, "%s: must have keys and values, not a %s", name, kindName(n))
		return
	}
	fields := map[string]reflect.Value{}
	var known []string
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "" && tag != "-" {
			fields[tag] = v.Field(i)
			known = append(known, tag)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		full := strings.TrimPrefix(key+"."+k.Value, ".")
		field, ok := fields[k.Value]
		switch {
		case seen[k.Value]:
			d.fault(k, "%s: duplicate key", full)
		case !ok:
			d.fault(k, "unknown key %q%s", full, suggestion(k.Value, known))
		default:
			d.value(full, val, field)
		}
		seen[k.Value] = true
	}
}

func (d *decoder) strings(key string, n *yaml.Node, into *[]string) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "%s: must be a list, such as [one, two]", key)
		return
	}
	*into = make([]string, 0, len(n.Content))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, i)
		d.at[at] = item
		if text, ok := d.scalar(at, item); ok {
			*into = append(*into, text)
		}
	}
}

func (d *decoder) cadences(key string, n *yaml.Node, into *[]Cadence) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, `%s: must have names with cron schedules, such as daily: "0 8 * * *"`, key)
		return
	}
	*into = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		at := key + "." + k.Value
		d.at[at] = val
		if slices.ContainsFunc(*into, func(c Cadence) bool { return c.Name == k.Value }) {
			d.fault(k, "%s: duplicate key", at)
			continue
		}
		if text, ok := d.scalar(at, val); ok {
			if val.Tag == "!!null" {
				text = ""
			}
			*into = append(*into, Cadence{Name: k.Value, Spec: strings.TrimSpace(text)})
		}
	}
}

var variable = regexp.MustCompile(`\$\{([^}]*)\}`)
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} and ${NAME:-default} in a value.
func (d *decoder) expand(key string, n *yaml.Node) (string, bool) {
	ok := true
	if isSecret(key) {
		d.written[key] = variable.ReplaceAllStringFunc(n.Value, func(m string) string {
			_, fallback, _ := strings.Cut(m[2:len(m)-1], ":-")
			return fallback
		})
	}
	text := variable.ReplaceAllStringFunc(n.Value, func(m string) string {
		name, fallback, has := strings.Cut(m[2:len(m)-1], ":-")
		if !variableName.MatchString(name) {
			d.fault(n, "%s: %s is not an environment variable; write ${NAME} or ${NAME:-default}", key, m)
			ok = false
			return ""
		}
		value, set := d.lookup(name)
		if (!set || value == "") && has {
			return fallback
		}
		if !set {
			d.fault(n, "%s: the environment variable %s is not set; set it, or write ${%s:-default}", key, name, name)
			ok = false
		}
		if key == bouncesKey && strings.HasPrefix(n.Value, "imap") { // a part of a URL
			return url.PathEscape(value)
		}
		if key == ledgerKey && isPostgreSQL(n.Value) && strings.Contains(userInfo(n.Value), m) {
			return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		}
		return value
	})
	if rest := variable.ReplaceAllString(n.Value, " "); strings.Contains(rest, "${") {
		d.fault(n, "%s: ${ is never closed; write ${NAME} or ${NAME:-default}", key)
		ok = false
	}
	return text, ok
}

// userInfo returns what is before the host in an address.
func userInfo(address string) string { return address[:max(0, strings.LastIndexByte(address, '@'))] }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "group of keys"
	case yaml.SequenceNode:
		return "list"
	}
	return fmt.Sprintf("single value (%q)", n.Value)
}

// suggestion returns the known key closest to a misspelled one, or all of them.
func suggestion(got string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if n := editDistance(got, k); n < distance {
			best, distance = k, n
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	slices.Sort(known)
	return "; known here: " + strings.Join(known, ", ")
}

// editDistance returns the Levenshtein distance.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
