package web

import (
	"context"
	"time"

	"publisher/internal/ledger/signups"
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
			s.Log.Error("cannot record a flood of sign-ups", "error", about(s.Config.Owner(), err))
			return
		}
		s.signedUp()
	}()
}

// raiseAlarm stores the event and plans the mail, unless an earlier process has done so.
func (s *site) raiseAlarm(ctx context.Context, now time.Time) error {
	told, err := signups.ReportFlood(ctx, s.Ledger, s.Config.Owner(), s.Config.Signup.MailsPerHour, now)
	if told {
		s.Log.Warn("more sign-ups than signup.mails_per_hour allows are refused", "limit", s.Config.Signup.MailsPerHour)
	}
	return err
}
