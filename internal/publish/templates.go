package publish

import (
	"errors"
	"slices"

	"publisher/templates"
)

const subjectKey = "digest.subject"

// currentTemplates returns the templates as their files are now.
func (p *Publisher) currentTemplates() (*templates.Set, error) {
	return p.parsed.get(p.cfg.Path(p.cfg.Templates), p.templates)
}

// templates returns the built-in templates with the owner's in place of some. The owner's are
// tried on sample data, so that one that does not work stops the pass before anything is sent.
func (p *Publisher) templates() (*templates.Set, error) {
	set, err := templates.Load(p.cfg.Path(p.cfg.Templates), p.cfg.Dir, p.cfg.Private())
	if err != nil {
		return nil, err
	}
	own := slices.ContainsFunc(set.Files(), func(f templates.File) bool { return f.Path != "" })
	if subject := p.cfg.Digest.Subject; subject != "" {
		own = true
		if set, err = set.WithSubject(subjectKey, subject); err != nil {
			return nil, p.subjectFault(err)
		}
	}
	if own {
		err = p.subjectFault(set.Check())
	}
	return set, err
}

// subjectFault gives an error in the template digest.subject its place in config.yaml.
func (p *Publisher) subjectFault(err error) error {
	var fault *templates.Error
	if errors.As(err, &fault) && fault.File == subjectKey {
		return p.cfg.Fault(subjectKey, fault.Message)
	}
	return err
}
