// Package mailer makes digests into MIME messages and delivers them by SMTP.
//
// Compose renders a digest once and encodes it once, with gaps where each
// recipient's own parts go; Message.Append fills them. A Sender keeps several
// connections busy with the jobs of a Queue: over each, the body of one message,
// the dot and the envelope of the next travel together (RFC 2920), so that the
// steady state is one round trip per message. Between two messages the result of
// the first and the intent to send the second are one commit of the queue, made
// before a byte of the second body goes out; so whatever breaks, at most one
// delivery per open connection is uncertain.
package mailer
