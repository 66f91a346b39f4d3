package events

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	fetchTime   = 5 * time.Second
	maxFetched  = 64 << 10
	maxKeys     = 8 // that are remembered
	failedPause = time.Minute
)

// certificates fetches the certificates of one topic's SNS, and nothing from anywhere else.
type certificates struct {
	host   string
	client *http.Client

	mu     sync.Mutex // one at a time: who asks for them is not known yet
	known  map[string]certificate
	failed map[string]time.Time // addresses that had none, and when
}

type certificate struct {
	key          *rsa.PublicKey
	begins, ends time.Time
}

// newCertificates returns those of the SNS that a topic belongs to.
func newCertificates(topic string, client *http.Client) *certificates {
	if client == nil {
		client = &http.Client{}
	}
	only := *client
	only.Timeout = fetchTime
	only.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("redirected") }
	arn := strings.Split(topic, ":")
	host := "sns." + arn[3] + ".amazonaws.com"
	if arn[1] == "aws-cn" {
		host += ".cn"
	}
	return &certificates{host: host, client: &only, known: map[string]certificate{}, failed: map[string]time.Time{}}
}

// onHost parses an address and reports whether it is on the SNS's own host.
func (c *certificates) onHost(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2000 || u.Scheme != "https" || u.Host != c.host || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, false
	}
	return u, true
}

var certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$`)

// key returns the key of a certificate.
func (c *certificates) key(ctx context.Context, address string, now time.Time) (*rsa.PublicKey, error) {
	u, ok := c.onHost(address)
	if !ok || u.RawQuery != "" || !certificatePath.MatchString(u.EscapedPath()) {
		return nil, refused("its certificate is not from %s", c.host)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	cert, ok := c.known[address]
	if !ok {
		if at, ok := c.failed[address]; ok && now.Sub(at).Abs() < failedPause {
			return nil, errors.New("its certificate could not be had a moment ago")
		}
		fetched, err := c.fetch(ctx, address)
		if err != nil {
			c.forgetSome(len(c.failed) >= maxKeys, false)
			c.failed[address] = now
			return nil, err
		}
		cert = fetched
		c.forgetSome(false, len(c.known) >= maxKeys)
		c.known[address] = cert
	}
	if now.Before(cert.begins) || now.After(cert.ends) {
		return nil, refused("its certificate is not valid now")
	}
	return cert.key, nil
}

// forgetSome keeps what is remembered small.
func (c *certificates) forgetSome(failed, known bool) {
	if failed {
		clear(c.failed)
	}
	if known {
		clear(c.known)
	}
}

func (c *certificates) fetch(ctx context.Context, address string) (cert certificate, err error) {
	body, err := c.get(ctx, address)
	if err != nil {
		return cert, fmt.Errorf("its certificate cannot be had: %w", err)
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return cert, errors.New("its certificate is malformed")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return cert, errors.New("its certificate is malformed")
	}
	key, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok || key.Size() > 1024 { // 8192 bits
		return cert, errors.New("its certificate has no RSA key")
	}
	return certificate{key, parsed.NotBefore, parsed.NotAfter}, nil
}

// confirm confirms the subscription to the topic.
func (c *certificates) confirm(ctx context.Context, address, topic string) error {
	u, ok := c.onHost(address)
	if !ok || u.Path != "/" || u.Query().Get("Action") != "ConfirmSubscription" || u.Query().Get("TopicArn") != topic {
		return refused("it wants a confirmation at another address than %s", c.host)
	}
	if _, err := c.get(ctx, address); err != nil {
		return fmt.Errorf("the subscription to the topic cannot be confirmed: %w", err)
	}
	return nil
}

// get fetches an address. Its errors do not contain it, which may have a token.
func (c *certificates) get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("malformed address")
	}
	response, err := c.client.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers with status %d", c.host, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxFetched+1))
	if err == nil && len(body) > maxFetched {
		err = errors.New("it is too long")
	}
	return body, err
}
