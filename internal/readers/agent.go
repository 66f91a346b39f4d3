package readers

import "strings"

const (
	// maxAgent limits how much of a User-Agent is looked at, in bytes.
	maxAgent = 512
	// maxClaim is more than any service reads one blog for: a higher number is made up.
	maxClaim = 10_000_000
	// maxName limits the name of a service that is not in the list.
	maxName = 40
)

// services are feed readers on the web that say for how many people they fetch, by a part of their
// User-Agent in lower case.
var services = [...]struct{ part, name string }{
	{"feedly", "Feedly"}, {"inoreader", "Inoreader"}, {"newsblur", "NewsBlur"}, {"bazqux", "BazQux"}, {"feedbin", "Feedbin"},
	{"theoldreader", "The Old Reader"}, {"feedwrangler", "Feed Wrangler"}, {"netvibes", "Netvibes"}, {"bloglovin", "Bloglovin"},
	{"feedspot", "Feedspot"}, {"g2reader", "G2Reader"}, {"commafeed", "CommaFeed"}, {"kouio", "Kouio"}, {"digg feed", "Digg"},
	{"feedhq", "FeedHQ"}, {"superfeedr", "Superfeedr"}, {"newsgator", "NewsGator"}, {"yandexblogs", "Yandex"}, {"readwise", "Readwise"},
	{"feeder.co", "Feeder"}, {"miniflux", "Miniflux"}, {"freshrss", "FreshRSS"}, {"tiny tiny rss", "Tiny Tiny RSS"}, {"nextcloud", "Nextcloud"},
}

// Claim returns the number of subscribers that a User-Agent says it fetches a feed for, such as
// "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)"; 0 if it says none. known
// says that the service is one of those that do.
func Claim(agent string) (service string, subscribers int64, known bool) {
	agent = agent[:min(len(agent), maxAgent)]
	lower := strings.ToLower(agent)
	at := strings.Index(lower, "subscriber")
	if at < 0 || len(lower) != len(agent) { // letters whose lower case is longer are in no service's name
		return "", 0, false
	}
	subscribers = numberBefore(lower[:at])
	if subscribers == 0 {
		subscribers = numberAfter(lower[at+len("subscriber"):])
	}
	if subscribers == 0 || subscribers > maxClaim {
		return "", 0, false
	}
	for _, s := range services {
		if strings.Contains(lower, s.part) {
			return s.name, subscribers, true
		}
	}
	return product(agent), subscribers, false
}

// numberBefore returns the number that a text ends with, which may have separators of thousands.
func numberBefore(text string) int64 {
	text = strings.TrimRight(text, " ")
	start := len(text)
	for start > 0 && (isDigit(text[start-1]) || start < len(text) && isDigit(text[start]) && strings.IndexByte(",.'", text[start-1]) >= 0) {
		start--
	}
	return number(text[start:])
}

// numberAfter returns the number that follows, as in "subscribers: 12".
func numberAfter(text string) int64 {
	text = strings.TrimLeft(strings.TrimPrefix(text, "s"), " :=")
	end := 0
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	return number(text[:end])
}

func number(text string) (n int64) {
	for i := range len(text) {
		if !isDigit(text[i]) {
			continue
		}
		if n = n*10 + int64(text[i]-'0'); n > maxClaim {
			return maxClaim + 1
		}
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// product returns the name that a User-Agent begins with, or has behind "compatible;".
func product(agent string) string {
	if _, rest, found := strings.Cut(agent, "compatible;"); found && strings.HasPrefix(agent, "Mozilla/") {
		agent = rest
	}
	agent = strings.TrimLeft(agent, " (+")
	end := strings.IndexAny(agent, "/;()")
	if end < 0 {
		end = len(agent)
	}
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" .-_", r) {
			return r
		}
		return -1
	}, agent[:end])
	if name = strings.TrimSpace(name[:min(len(name), maxName)]); name == "" {
		return "unnamed"
	}
	return name
}

// isRobot reports whether a User-Agent is one of a search engine, a monitor and the like, behind
// which nobody reads.
func isRobot(agent string) bool {
	lower := strings.ToLower(agent[:min(len(agent), maxAgent)])
	for _, part := range [...]string{"bot/", "bot;", "bot)", "bot ", "-bot", "crawl", "spider", "slurp", "uptime", "monitor", "validator", "curl/", "wget/"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return strings.HasSuffix(lower, "bot")
}
