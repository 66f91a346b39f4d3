package ledger

import "context"

// Purpose is what a token entitles its bearer to.
type Purpose byte

const (
	Unsubscribe Purpose = 'u'
	Preferences Purpose = 'p'
	ReturnPath  Purpose = 'r'
)

// Tokens makes and checks the tokens that stand in mail: lower-case base32 of
// subscriber id, purpose, in a return path also the edition, and an HMAC-SHA256
// (128 bits in links, 80 in return paths) under the ledger's key.
type Tokens struct{ key []byte }

// Tokens loads the key, which is made when the ledger is.
func (l *Ledger) Tokens(ctx context.Context) (*Tokens, error) { return nil, errTODO }

func (t *Tokens) Link(p Purpose, subscriber int64) string        { return "" }
func (t *Tokens) ReturnPath(subscriber, edition int64) string    { return "" }
func (t *Tokens) OpenLink(p Purpose, token string) (int64, bool) { return 0, false }
func (t *Tokens) OpenReturnPath(token string) (subscriber, edition int64, ok bool) {
	return 0, 0, false
}

// MessageID is the left part of the Message-ID of one edition to one subscriber.
func (t *Tokens) MessageID(edition, subscriber int64) string { return "" }
