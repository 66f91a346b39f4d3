package signup

import (
	_ "embed"
	"net/mail"
	"net/url"
	"strings"
)

//go:embed script/solve.js
var solve string

//go:embed script/work.js
var workScript string

//go:embed script/form.js
var formScript string

// WorkScript returns the script of a page whose first form has a challenge in data-work: it
// sends the form with the answer in the field work.
func WorkScript() string { return withSolve(workScript) }

// FormScript returns the script that follows a form on a page of the owner's. It sends the form
// without leaving the page, answers a challenge, shows the field for the code, which is in the
// form's template, and writes what the server says into the form's element with the role
// status. Where a request fails, the browser sends the form itself.
func FormScript() string { return withSolve(formScript) }

// withSolve fills in the function that answers a challenge.
func withSolve(script string) string { return strings.ReplaceAll(script, "SOLVE", solve) }

// MailURL returns the link of a mail that signs its sender up; "" without mail.bounce_to.
func MailURL(bounceTo *mail.Address) string {
	if bounceTo == nil {
		return ""
	}
	at := strings.LastIndexByte(bounceTo.Address, '@')
	return "mailto:" + url.PathEscape(bounceTo.Address[:at]+"+subscribe"+bounceTo.Address[at:]) + "?subject=" + url.PathEscape("subscribe")
}
