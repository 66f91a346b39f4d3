package metrics

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"publisher/internal/httpstatus"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Around returns a handler that counts the requests to next, and answers GET /metrics to clients
// on this machine. To everybody else next answers.
func (m *Metrics) Around(next http.Handler) http.Handler {
	own := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && local(r) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			own.ServeHTTP(w, r)
			return
		}
		began := time.Now()
		sent := &httpstatus.Recorder{ResponseWriter: w}
		defer func() {
			m.requests[min(sent.Status/100, len(m.requests)-1)].Inc()
			m.request.Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(sent, r)
	})
}

// forwarded are the headers of proxies: a request with one of them comes from elsewhere.
var forwarded = []string{"X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "X-Real-Ip", "Via"}

// local reports whether a request comes from this machine, for this machine. A proxy here may
// send none of its headers but the name by which its client knows it.
func local(r *http.Request) bool {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !client.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, name := range forwarded {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback()
}
