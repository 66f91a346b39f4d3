package events

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// sns reads what Amazon SES posts through a topic of Amazon SNS. Anybody can have a topic, so
// that the topic must be the configured one.
type sns struct {
	topic string
	certs *certificates
}

func newSNS(topic string, client *http.Client) *sns {
	return &sns{topic: topic, certs: newCertificates(topic, client)}
}

// snsMessage is a message of SNS. Its names are those of the signed text.
type snsMessage struct {
	Type, MessageId, TopicArn, Subject, Message, Timestamp string
	Token, SubscribeURL                                    string
	SignatureVersion, Signature, SigningCertURL            string
}

func (s *sns) early(h http.Header) error {
	if topic := h.Get("X-Amz-Sns-Topic-Arn"); topic != "" && topic != s.topic {
		return refused("it is of another topic")
	}
	return nil
}

func (s *sns) read(ctx context.Context, _ http.Header, body []byte, now time.Time) (*Post, error) {
	var m snsMessage
	if decode(body, &m) != nil {
		return nil, refused("it has no signature")
	}
	if m.TopicArn != s.topic {
		return nil, refused("it is of another topic")
	}
	at, err := time.Parse(time.RFC3339, m.Timestamp)
	if err != nil {
		return nil, refused("it has no time")
	}
	if err := inTime(at, now); err != nil {
		return nil, err
	}
	if err := s.verify(ctx, &m, now); err != nil {
		return nil, err
	}
	p := &Post{Once: once("ses", m.MessageId)}
	switch m.Type {
	case "SubscriptionConfirmation":
		return p, s.certs.confirm(ctx, m.SubscribeURL, m.TopicArn)
	case "Notification":
		p.Reports = sesReports(m.Message)
	}
	return p, nil
}

// verify checks the signature.
func (s *sns) verify(ctx context.Context, m *snsMessage, now time.Time) error {
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil || len(signature) == 0 {
		return refused("its signature is malformed")
	}
	text, ok := m.signedText()
	if !ok {
		return refused("its type is unknown")
	}
	var kind crypto.Hash
	var digest []byte
	switch m.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(text)) // what version 1 is
		kind, digest = crypto.SHA1, sum[:]
	case "2":
		sum := sha256.Sum256([]byte(text))
		kind, digest = crypto.SHA256, sum[:]
	default:
		return refused("its signature is of an unknown version")
	}
	key, err := s.certs.key(ctx, m.SigningCertURL, now)
	if err != nil {
		return err
	}
	if rsa.VerifyPKCS1v15(key, kind, digest, signature) != nil {
		return refused("its signature is wrong")
	}
	return nil
}

// signedText returns what the signature covers, by the type of the message.
func (m *snsMessage) signedText() (string, bool) {
	var fields []string
	switch m.Type {
	case "Notification":
		fields = []string{"Message", m.Message, "MessageId", m.MessageId}
		if m.Subject != "" {
			fields = append(fields, "Subject", m.Subject)
		}
		fields = append(fields, "Timestamp", m.Timestamp, "TopicArn", m.TopicArn, "Type", m.Type)
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
		fields = []string{"Message", m.Message, "MessageId", m.MessageId, "SubscribeURL", m.SubscribeURL, "Timestamp", m.Timestamp,
			"Token", m.Token, "TopicArn", m.TopicArn, "Type", m.Type}
	default:
		return "", false
	}
	return strings.Join(fields, "\n") + "\n", true
}
