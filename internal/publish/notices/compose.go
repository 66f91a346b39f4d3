package notices

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/publish/editions"
	"publisher/mailer/message"
	"publisher/mailer/smtp"
	"publisher/templates"
)

const (
	manageTime   = time.Hour          // how long the link of a noticequeue.Manage works
	addressTime  = 7 * 24 * time.Hour // of a noticequeue.Address
	takeBackTime = 7 * 24 * time.Hour // of a noticequeue.Moved
	latestPosts  = 3
)

// draft is a notice while it is composed.
type draft struct {
	noticequeue.Notice
	mail    templates.Notice
	list    bool // the recipient subscribes
	replyTo *mail.Address
	tokens  []ledger.Token
	// Of a noticequeue.Confirm.
	confirmation confirmation
	typed        bool // the code can be
}

// job returns the message of a notice; nil if the reason for it has gone.
func (q *Queue) job(ctx context.Context, n *noticequeue.Notice) (*smtp.Job, error) {
	d := &draft{Notice: *n}
	d.mail.Site = editions.Site(q.Config, q.Config.LanguageOf(n.Language))
	d.mail.PostalAddress = q.Config.Mail.PostalAddress
	wanted, err := q.fill(ctx, d)
	if err != nil || !wanted {
		return nil, err
	}
	set, err := q.Templates()
	if err != nil {
		return nil, err
	}
	composed, err := q.render(set, d)
	if err != nil {
		return nil, err
	}
	letter := message.Letter{Mail: composed, Site: d.mail.Site, To: n.Email, MessageID: q.links.NoticeID(n.ID), ReplyTo: d.replyTo, Date: q.Now(), List: d.list}
	if d.list {
		own := q.links.Own(n.Subscriber)
		letter.UnsubscribeURL, letter.UnsubscribeMailto = own.UnsubscribeURL, own.UnsubscribeMailto
	}
	whole, err := letter.Compose(q.Config)
	if err != nil {
		return nil, err
	}
	return &smtp.Job{ReturnPath: q.links.NoticeReturnPath(), To: n.Email, Stuffed: true, Size: len(whole), Urgent: true,
		Append: func(dst []byte) []byte { return append(dst, whole...) }, Ref: &attempt{notice: n, tokens: d.tokens}}, nil
}

// fill fills in what a notice says, with fresh tokens. It reports whether there still is a reason
// for it.
func (q *Queue) fill(ctx context.Context, d *draft) (wanted bool, err error) {
	now := q.Now()
	switch d.Kind {
	case noticequeue.Confirm:
		return q.confirm(ctx, d)
	case noticequeue.Already, noticequeue.Welcome:
		return q.subscribed(ctx, d)
	case noticequeue.Goodbye:
		d.mail.ActionURL = q.signupURL()
	case noticequeue.Manage:
		q.linkTo(d, "manage", ledger.TokenManage, "", now.Add(manageTime))
	case noticequeue.Address:
		q.linkTo(d, "address", ledger.TokenAddress, d.Email, now.Add(addressTime))
	case noticequeue.Moved:
		d.mail.Address = d.Data["address"]
		q.linkTo(d, "take-back", ledger.TokenTakeBack, d.Email, d.Created.Add(takeBackTime))
	case noticequeue.Alarm:
		d.mail.Limit, _ = strconv.Atoi(d.Data["limit"])
	default:
		return false, fmt.Errorf("unknown kind %q", d.Kind)
	}
	return true, nil
}

// confirm fills in the ways to confirm. Nothing that was typed into the form is in the mail.
func (q *Queue) confirm(ctx context.Context, d *draft) (wanted bool, err error) {
	p, err := signups.FindPending(ctx, q.Ledger, d.Pending, q.Now())
	if err != nil || p == nil {
		return false, err
	}
	c, err := newConfirmation()
	if err != nil {
		return false, err
	}
	d.confirmation, d.typed = c, p.How != signups.ByMail // or no page waits for the code
	d.mail.Expires = p.Expires.Truncate(time.Minute)     // the same for many: see confirmations
	d.tokens = signups.ConfirmTokens(d.Pending, c.secret, c.code, q.Now())
	d.replyTo = q.links.ReplyTo("c." + c.secret)
	d.mail.Replies = d.replyTo != nil
	return true, nil
}

// subscribed fills in what a subscriber is told of the subscription.
func (q *Queue) subscribed(ctx context.Context, d *draft) (wanted bool, err error) {
	s, err := q.Ledger.SubscriberByID(ctx, d.Subscriber)
	if err != nil || s == nil {
		return false, err
	}
	d.list = true
	own := q.links.Own(s.ID)
	d.mail.UnsubscribeURL, d.mail.PreferencesURL = own.UnsubscribeURL, own.PreferencesURL
	if d.Kind == noticequeue.Already {
		d.mail.ActionURL = own.PreferencesURL
		return true, nil
	}
	d.mail.Cadence = cmp.Or(s.Cadence, q.Config.Digest.Default)
	if cadence, ok := q.Config.Cadence(d.mail.Cadence); ok && cadence.Schedule != nil {
		d.mail.Next = editions.NextFire(cadence.Schedule, q.Now(), q.Config.Site.Timezone)
	}
	return true, q.latest(ctx, d)
}

// latest fills in what came last: the newest edition, or the newest posts if editions are not on
// the web.
func (q *Queue) latest(ctx context.Context, d *draft) error {
	language := q.Config.LanguageOf(d.Language)
	if server := q.Config.Server.URL; server != nil && q.Config.Server.Archive != "off" {
		e, err := q.Ledger.LatestArchived(ctx, language)
		if err != nil {
			return err
		}
		if e != nil {
			d.mail.LatestMail = true
			d.mail.Latest = []templates.Link{{Title: e.Subject, URL: server.JoinPath("archive", strconv.FormatInt(e.Number, 10)).String()}}
			if q.Config.Server.Archive == "public" {
				d.mail.ActionURL = server.JoinPath("archive").String() + "/"
			}
			return nil
		}
	}
	posts, err := q.Ledger.LatestNumbered(ctx, language, latestPosts)
	for _, p := range posts {
		if p.Title != "" && p.URL != "" {
			d.mail.Latest = append(d.mail.Latest, templates.Link{Title: p.Title, URL: p.URL})
		}
	}
	return err
}

// signupURL returns where somebody subscribes; "" if there is no such place.
func (q *Queue) signupURL() string {
	if server := q.Config.Server.URL; server != nil {
		return server.JoinPath("/").String()
	}
	if to := q.links.ReplyTo("subscribe"); to != nil {
		return "mailto:" + to.Address
	}
	return ""
}

// linkTo fills in a button with a fresh token. Without a web server there is none.
func (q *Queue) linkTo(d *draft, page string, purpose ledger.TokenPurpose, data string, expires time.Time) {
	server := q.Config.Server.URL
	if server == nil {
		return
	}
	secret := mailtoken.NewSecret()
	d.mail.ActionURL, d.mail.Expires = server.JoinPath(page, secret).String(), expires
	d.tokens = []ledger.Token{{Secret: secret, Purpose: purpose, Subscriber: d.Subscriber, Data: data, Expires: expires}}
}
