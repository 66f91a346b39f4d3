package work

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/mailer/dkim"
)

// Settings returns what mail is made of, by key of the config, without secrets. All processes have to have
// the same, or one edition would differ by who delivers it.
func Settings(cfg *config.Config) (map[string]string, error) {
	var cadences []string
	for _, c := range cfg.Digest.Cadences {
		cadences = append(cadences, c.Name+" "+c.Spec)
	}
	keys, err := dkimKeys(cfg)
	if err != nil {
		return nil, err
	}
	server := "a mail server"
	if cfg.Catches() {
		server = "none"
	}
	values := map[string]any{
		"site.title": cfg.Site.Title, "site.url": cfg.Site.URL.String(), "site.description": cfg.Site.Description, "site.language": cfg.Site.Language,
		"site.timezone": cfg.Site.Timezone.String(), "site.author": cfg.Site.Author, "site.logo": cfg.Site.Logo, "languages": cfg.Languages,
		"digest.cadences": cadences, "digest.default": cfg.Digest.Default, "digest.max_posts": cfg.Digest.MaxPosts, "digest.max_bytes": cfg.Digest.MaxBytes,
		"digest.subject": cfg.Digest.Subject, "mail.from": cfg.Mail.From, "mail.reply_to": cfg.Mail.ReplyTo, "mail.bounce_to": cfg.Mail.BounceTo,
		"mail.postal_address": cfg.Mail.PostalAddress, "mail.uncertain": cfg.Mail.Uncertain, "mail.retry_for": cfg.Mail.RetryFor.String(), "mail.dkim": keys,
		"mail.smtp.host": server, "server.url": "", "server.archive": cfg.Server.Archive,
	}
	if cfg.Server.URL != nil {
		values["server.url"] = cfg.Server.URL.String()
	}
	texts := map[string]string{}
	for key, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", key, err)
		}
		texts[key] = string(text)
	}
	return texts, nil
}

// dkimKey is what a signature shows of a key.
type dkimKey struct {
	Domain, Selector string
	Omit             []string
	Public           string // a hash
}

func dkimKeys(cfg *config.Config) (all []dkimKey, err error) {
	for _, k := range cfg.Mail.DKIM {
		key, err := dkim.LoadKey(cfg.Path(k.KeyFile))
		if err != nil {
			return nil, cfg.Fault("mail.dkim", err.Error())
		}
		record, err := dkim.KeyRecord(key)
		if err != nil {
			return nil, cfg.Fault("mail.dkim", err.Error())
		}
		sum := sha256.Sum256([]byte(record))
		all = append(all, dkimKey{k.Domain, k.Selector, k.Omit, hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// differing returns the keys whose values differ, in order.
func differing(ours, leaders map[string]string) (keys []string) {
	for key := range leaders {
		if _, known := ours[key]; !known {
			keys = append(keys, key) // of another version
		}
	}
	for key, value := range ours {
		if theirs, known := leaders[key]; !known || theirs != value {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// lookAtSettings is how often a process looks whether it has the settings of the passes.
const lookAtSettings = 2 * time.Second

// agreement is whether this process has the settings of whoever makes the passes.
type agreement struct {
	ours    map[string]string
	version int64    // of the settings that were compared
	differ  []string // keys
}

// compare compares the settings, and reports whether they had changed since. While nobody has made a
// pass, there is nothing to differ from.
func (a *agreement) compare(leaders postgres.Settings) (changed bool) {
	if leaders.Version == a.version {
		return false
	}
	a.version, a.differ = leaders.Version, nil
	if a.version > 0 {
		a.differ = differing(a.ours, leaders.Values)
	}
	return true
}

// trouble says what differs.
func (a *agreement) trouble() []fleet.Trouble {
	if len(a.differ) == 0 {
		return nil
	}
	verb := " differs"
	if len(a.differ) > 1 {
		verb = " differ"
	}
	return []fleet.Trouble{{Decide: true, Message: strings.Join(a.differ, ", ") + verb + " from the leader's, so that nothing is delivered from here",
		Hint: "give all machines the same values; `publisher status` says who leads"}}
}

// agree calls work while this process has the settings of the passes, with a context that ends once it
// has not any more. It returns when ctx ends, or with the error of work.
func (l *life) agree(ctx context.Context, work func(context.Context) error) error {
	ours, err := Settings(l.Config)
	if err != nil {
		return err
	}
	l.agreement.ours, l.agreement.version = ours, -1
	look := time.NewTicker(lookAtSettings)
	defer look.Stop()
	for {
		if err := l.look(ctx); err != nil {
			return err
		}
		if len(l.agreement.differ) == 0 {
			l.settings.Store(l.agreement.version)
			if again, err := l.workUntilChanged(ctx, look.C, work); err != nil || !again {
				return err
			}
			continue
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		case <-l.worker.Lost().Done():
			return context.Cause(l.worker.Lost())
		}
	}
}

// look compares the settings with those of the passes, logs what has changed, and stores what is wrong
// here.
func (l *life) look(ctx context.Context) error {
	leaders, err := l.worker.Settings(ctx)
	if err != nil {
		return err
	}
	before := l.agreement.differ
	if l.agreement.compare(leaders) && !slices.Equal(before, l.agreement.differ) {
		if all := l.agreement.trouble(); len(all) > 0 {
			l.Log.Error(all[0].Message, "hint", all[0].Hint)
		} else {
			l.Log.Info("the settings are those of the leader again; delivering")
		}
	}
	return l.tell(ctx)
}

// workUntilChanged works until the settings change, which it reports.
func (l *life) workUntilChanged(ctx context.Context, look <-chan time.Time, work func(context.Context) error) (changed bool, err error) {
	working, end := context.WithCancelCause(ctx)
	defer end(nil)
	ended := make(chan error, 1)
	go func() { ended <- work(working) }()
	for {
		select {
		case err := <-ended:
			return changed && ctx.Err() == nil, err
		case <-look:
		case <-l.recheck:
		}
		if changed || ctx.Err() != nil {
			continue
		}
		version := l.agreement.version
		if err := l.look(ctx); err != nil {
			l.failed(slog.LevelError, "looking at the settings of the passes", err)
			continue // the work finds out by itself whether the ledger is there
		}
		if l.agreement.version != version {
			changed = true
			end(nil)
		}
	}
}

// tell stores what is wrong here, if that has changed.
func (l *life) tell(ctx context.Context) error {
	all := append(l.agreement.trouble(), l.Troubles()...)
	if slices.Equal(all, l.told) {
		return nil
	}
	if err := l.worker.SetTroubles(ctx, all); err != nil {
		return err
	}
	l.told = all
	return nil
}
