package main

import (
	"fmt"
	"strings"

	"publisher/internal/config"
	"publisher/internal/hint"
)

// checkCadence returns an error if the config has no cadence of that name.
func checkCadence(cfg *config.Config, name string) error {
	if _, ok := cfg.Cadence(name); !ok {
		return hint.With(fmt.Errorf("%w: unknown cadence %q", errUsage, name), "digest.cadences in %s lists them", cfg.File)
	}
	return nil
}

// languageFlag returns the language tag that --language names, if there are digests in it.
func languageFlag(cfg *config.Config, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	tag, ok := config.LanguageTag(text)
	if !ok {
		return "", hint.With(fmt.Errorf("%w: invalid --language %q", errUsage, text), "use a BCP 47 tag such as de, fr or pt-BR")
	}
	if cfg.HasDigestsIn(tag) {
		return tag, nil
	}
	err := fmt.Errorf("%w: there are no digests in %s", errUsage, tag)
	if all := cfg.AllLanguages(); len(all) > 0 {
		return "", hint.With(err, "use one of %s (site.language and languages in %s)", strings.Join(all, ", "), cfg.File)
	}
	return "", hint.With(err, "%s has no language but site.language, %s", cfg.File, cfg.Site.Language)
}

// inLanguage returns a cadence with its language, which is "" where there is only one.
func inLanguage(cadence, language string) string {
	if language == "" {
		return cadence
	}
	return cadence + " in " + language
}
