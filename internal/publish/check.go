package publish

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"publisher/internal/publish/delivery"
	"publisher/internal/publish/report"
	"publisher/internal/publish/syndicate"
)

// Check returns what is wrong with content, templates, feeds and ledger. With online, it also
// logs in to the SMTP server and to the mailbox of mail.bounces.
func (p *Publisher) Check(ctx context.Context, online bool) (*CheckReport, error) {
	checked := &CheckReport{Faults: []string{}, Warnings: []report.Warning{}}
	err := p.onCopy(ctx, func(s *pass) error {
		if err := s.ledger.CheckIntegrity(ctx); err != nil {
			return err
		}
		if err := errors.Join(s.loadTemplates(), s.survey(ctx)); err != nil {
			return err
		}
		feeds, err := syndicate.NewFeeds(s.catalog).Check(ctx)
		if err != nil {
			return err
		}
		s.own.Fail(feeds.Errors...)
		s.warn(s.untranslated())
		found := s.report()
		checked.Faults = append(checked.Faults, found.Errors...)
		checked.Posts = found.Posts
		if err := s.templates.Check(); err != nil {
			checked.Faults = append(checked.Faults, err.Error())
		}
		for _, warnings := range [][]report.Warning{found.Warnings, s.catalog.UnusedLanguages(), delivery.SetAside(s.ledger), feeds.Clashes, s.privateWarnings(s.tree)} {
			checked.Warnings = append(checked.Warnings, warnings...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	checked.Warnings = append(checked.Warnings, p.signingWarnings()...)
	if _, err := delivery.LoadSigner(p.cfg, p.log); err != nil {
		checked.Faults = append(checked.Faults, err.Error())
	}
	if online && !p.cfg.Catches() {
		if err := delivery.LogIn(ctx, p.cfg); err != nil {
			checked.Faults = append(checked.Faults, err.Error())
		}
	}
	if online {
		if err := delivery.NewBounces(p.cfg, nil, p.log, p.now).CheckMailbox(ctx); err != nil {
			checked.Faults = append(checked.Faults, err.Error())
		}
	}
	return checked, nil
}

// CheckReport is what Check found. Faults keep feeds or mail from going out.
type CheckReport struct {
	Posts    report.Posts     `json:"posts"`
	Faults   []string         `json:"faults"`
	Warnings []report.Warning `json:"warnings"`
}

// untranslated warns of languages for which English words are used.
func (s *pass) untranslated() []report.Warning {
	tags := s.cfg.AllLanguages()
	if tags == nil {
		tags = []string{s.cfg.Site.Language}
	}
	var warnings []report.Warning
	for _, tag := range tags {
		missing := s.templates.Missing(tag)
		if len(missing) == 0 {
			continue
		}
		names := strings.Join(missing[:min(len(missing), 3)], ", ")
		if more := len(missing) - 3; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		file := filepath.Join(s.cfg.Templates, "i18n", tag+".yaml")
		warnings = append(warnings, report.Warning{Path: file, Message: fmt.Sprintf(
			"mails and pages in %q have English words for %s; this file can translate them (`publisher templates show i18n/en.yaml`)", tag, names)})
	}
	return warnings
}

// signingWarnings warns of what keeps one-click unsubscribing from being trusted.
func (p *Publisher) signingWarnings() []report.Warning {
	var warnings []report.Warning
	if p.cfg.Catches() {
		return nil
	}
	if p.cfg.Server.URL != nil && p.cfg.Server.URL.Scheme != "https" {
		warnings = append(warnings, report.Warning{Path: p.cfg.File, Message: "server.url is not https, so mails have no one-click List-Unsubscribe (RFC 8058), which large mailbox providers require"})
	}
	if len(p.cfg.Mail.DKIM) == 0 {
		warnings = append(warnings, report.Warning{Path: p.cfg.File, Message: "mail.dkim has no key: make sure that your relay signs with DKIM and covers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058 §4)"})
	}
	return append(warnings, p.rewritingWarnings()...)
}

// rewritingWarnings reports signatures that will not be valid because the relay replaces
// fields that they cover.
func (p *Publisher) rewritingWarnings() []report.Warning {
	host := p.cfg.Mail.SMTP.Host
	relay, replaces := rewrites(host)
	var warnings []report.Warning
	for _, key := range p.cfg.Mail.DKIM {
		broken := slices.DeleteFunc(slices.Clone(replaces), func(field string) bool {
			return slices.ContainsFunc(key.Omit, func(name string) bool { return strings.EqualFold(name, field) })
		})
		if len(broken) == 0 {
			continue
		}
		warnings = append(warnings, report.Warning{Path: p.cfg.File, Message: fmt.Sprintf(
			"mail.dkim: the signature of %s with selector %s covers %s, which %s (%s) replaces, so it will not be valid; add omit: [%s] to that key, or let the relay sign",
			key.Domain, key.Selector, strings.Join(broken, " and "), relay, host, strings.Join(replaces, ", "))})
	}
	return warnings
}

// rewrites returns the relay that a host belongs to, and the header fields that this
// relay is known to replace; none for other hosts.
func rewrites(host string) (relay string, fields []string) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case strings.Contains("."+host, ".email-smtp") && (strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")):
		return "Amazon SES", []string{"Message-ID", "Date"}
	case host == "ssl0.ovh.net" || strings.HasSuffix("."+host, ".mail.ovh.net") || strings.HasSuffix("."+host, ".mail.ovh.ca"):
		return "OVH", []string{"Message-ID"}
	}
	return "", nil
}
