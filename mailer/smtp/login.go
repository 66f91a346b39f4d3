package smtp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// maxIterations is the most work that a server may ask for at a log-in by SCRAM
	// (RFC 5802 §5.1): a second or so. Those in use ask for 4,096 to 600,000.
	maxIterations = 1_000_000
	// maxChallenges is how often it may ask for more. LOGIN and SCRAM need three.
	maxChallenges = 10
)

// authenticate logs in (RFC 4954 §4). It replaces go-mail's Client.Auth, which after a refusal
// waits for the server as long as the login may take.
func authenticate(client *smtp.Client, conn net.Conn, auth smtp.Auth, server *smtp.ServerInfo) error {
	mechanism, initial, err := auth.Start(server)
	if err != nil {
		return err
	}
	line := "AUTH " + mechanism
	if initial != nil {
		line += " " + base64.StdEncoding.EncodeToString(initial)
	}
	for range maxChallenges {
		code, text, err := command(client, line)
		if err != nil {
			return err
		}
		switch code {
		case 235:
			_, err = auth.Next([]byte(text), false)
			return err
		case 334:
		default:
			leave(client, conn, "")
			return &textproto.Error{Code: code, Msg: text}
		}
		challenge, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			leave(client, conn, "*")
			return fmt.Errorf("its challenge is not base64: %w", err)
		}
		answer, err := auth.Next(challenge, true)
		if err != nil {
			leave(client, conn, "*")
			return err
		}
		line = base64.StdEncoding.EncodeToString(answer)
	}
	leave(client, conn, "*")
	return fmt.Errorf("it asked %d times and did not end the login", maxChallenges)
}

// command sends a line and reads its reply.
func command(client *smtp.Client, line string) (code int, text string, err error) {
	if err := client.Text.PrintfLine("%s", line); err != nil {
		return 0, "", err
	}
	return client.Text.ReadResponse(0)
}

// leave sends QUIT after a failed login; with cancel, it ends the exchange first.
func leave(client *smtp.Client, conn net.Conn, cancel string) {
	_ = conn.SetDeadline(time.Now().Add(quitWait)) // fails only on a closed connection
	if cancel != "" {
		if _, _, err := command(client, cancel); err != nil {
			return
		}
	}
	_, _, _ = command(client, "QUIT") // whatever it says, the connection ends
}

// boundedScram is a login with SCRAM whose work is limited: the server decides how often the
// password is hashed, and could keep a processor busy for hours.
type boundedScram struct {
	smtp.Auth
	salted bool // the server has asked for that work
}

// Next implements smtp.Auth.
func (a *boundedScram) Next(challenge []byte, more bool) ([]byte, error) {
	if more && bytes.HasPrefix(challenge, []byte("r=")) {
		if a.salted {
			return nil, fmt.Errorf("it asks for the proof of the password twice")
		}
		a.salted = true
		if err := checkIterations(challenge); err != nil {
			return nil, err
		}
	}
	return a.Auth.Next(challenge, more)
}

// checkIterations checks every attribute that could be read as the count.
func checkIterations(challenge []byte) error {
	found := false
	for attribute := range strings.SplitSeq(string(challenge), ",") {
		text, ok := strings.CutPrefix(attribute, "i=")
		if !ok {
			continue
		}
		found = true
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("its SCRAM iteration count %.20q is not a number from 1 to %d", text, maxIterations)
		}
		if n > maxIterations {
			return fmt.Errorf("it asks for %d SCRAM iterations; the limit is %d", n, maxIterations)
		}
	}
	if !found {
		return fmt.Errorf("its SCRAM challenge has no iteration count")
	}
	return nil
}
