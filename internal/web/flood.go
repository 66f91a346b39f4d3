package web

import (
	"context"
	"strconv"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
)

// alarmPause is how long after one alarm about a flood there is no other.
const alarmPause = 24 * time.Hour

// flooded records that more sign-ups came than signup.mails_per_hour allows, and tells the
// owner, at most once a day. It does not make the client wait.
func (s *site) flooded() {
	now := s.Now()
	s.alarm.Lock()
	defer s.alarm.Unlock()
	if now.Sub(s.alarmed) < alarmPause || !s.changes.begin() {
		return
	}
	s.alarmed = now
	go func() {
		defer s.changes.finish()
		ctx, cancel := context.WithTimeout(s.changes.ended, changeTime)
		defer cancel()
		_, err := s.tryChange(ctx, func(ctx context.Context) (answer, error) { return nil, s.raiseAlarm(ctx, now) })
		if err != nil {
			s.Log.Error("cannot record a flood of sign-ups", "error", about(ownerOf(s.Config), err))
			return
		}
		s.signedUp()
	}()
}

// raiseAlarm stores the event and plans the mail, unless an earlier process has done so.
func (s *site) raiseAlarm(ctx context.Context, now time.Time) error {
	earlier, err := s.Ledger.Events(ctx, "signup.flood", now.Add(-alarmPause))
	if err != nil || len(earlier) > 0 {
		return err
	}
	data := map[string]string{"limit": strconv.Itoa(s.Config.Signup.MailsPerHour)}
	s.Log.Warn("more sign-ups than signup.mails_per_hour allows are refused", "limit", data["limit"])
	if err := s.Ledger.AddEvent(ctx, ledger.Event{At: now, Kind: "signup.flood", Data: data}); err != nil {
		return err
	}
	return noticequeue.Plan(ctx, s.Ledger, noticequeue.Notice{Kind: noticequeue.Alarm, Email: ownerOf(s.Config), Data: data, Created: now})
}

// ownerOf returns the address of the owner.
func ownerOf(c *config.Config) string {
	switch {
	case c.Site.Author.Email != "":
		return c.Site.Author.Email
	case c.Mail.ReplyTo != nil:
		return c.Mail.ReplyTo.Address
	}
	return c.Mail.From.Address
}
