package bounce

import (
	"net/mail"
	"slices"
	"strings"

	"publisher/mailer/refusal"
)

// machineFields are header fields of mails that no person wrote, or not to us alone.
var machineFields = []string{"List-Id", "List-Post", "List-Unsubscribe", "List-Help", "Mailing-List", "X-Mailing-List", "Feedback-ID",
	"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Loop", "X-Failed-Recipients", "X-Campaign"}

// autoReplies begin the subjects of auto-replies that say so nowhere else.
var autoReplies = []string{"auto:", "automatic reply", "autoreply", "auto-reply", "auto reply", "out of office", "out of the office", "away from",
	"automatische antwort", "abwesenheit", "réponse automatique", "absence", "respuesta automática", "fuera de la oficina",
	"resposta automática", "自動返信", "自動応答", "不在", "رد تلقائي"}

// fromPerson reports whether a person wrote the mail by hand: an auto-reply, a null sender, a
// list and a machine are none (RFC 3834 §2, RFC 5321 §4.5.5).
func (in *reading) fromPerson() bool {
	submitted, _, _ := strings.Cut(in.own.Get("Auto-Submitted"), ";")
	if submitted = strings.TrimSpace(submitted); submitted != "" && !strings.EqualFold(submitted, "no") {
		return false
	}
	if contains := refusal.ContainsAny(strings.ToLower(in.own.Get("Precedence")), "bulk", "list", "junk", "auto"); contains {
		return false
	}
	if slices.ContainsFunc(machineFields, in.own.Has) || in.returned || in.own.Has("Return-Path") && isNull(in.own.Get("Return-Path")) {
		return false
	}
	subject := strings.TrimSpace(in.subject())
	if slices.ContainsFunc(autoReplies, func(start string) bool { return strings.HasPrefix(subject, start) }) {
		return false
	}
	author, err := mail.ParseAddressList(in.own.Get("From"))
	if err != nil || len(author) != 1 || len(in.own.Values("From")) != 1 {
		return false
	}
	in.Author = author[0]
	local, _, _ := strings.Cut(strings.ToLower(in.Author.Address), "@")
	return !slices.Contains([]string{"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", "bounces"}, local)
}

// isNull reports whether an envelope sender is that of a report.
func isNull(sender string) bool {
	sender = strings.Trim(sender, "<> \t")
	return sender == "" || strings.EqualFold(sender, "MAILER-DAEMON")
}

// Envelope is what a mail server says of a mail that it pipes into the command.
type Envelope struct {
	Sender      string
	SenderKnown bool
	Recipients  []string
}

// Enveloped takes over what the mail server says. A mail with a null sender is from no person.
func (r *Report) Enveloped(e Envelope) {
	r.To = append(r.To, e.Recipients...)
	if r.Kind == Written && e.SenderKnown && isNull(e.Sender) {
		r.Kind = Ignored
	}
}
