package main

import (
	"fmt"
	"strings"

	"publisher/internal/config"
)

// languageFlag is what --language says, if there are digests in it.
func languageFlag(cfg *config.Config, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	tag, ok := config.LanguageTag(text)
	if !ok {
		return "", fmt.Errorf("%w: --language %q is not a language; write a BCP 47 tag like de, fr or pt-BR", errUsage, text)
	}
	if !cfg.HasDigestsIn(tag) {
		all := cfg.AllLanguages()
		if len(all) == 0 {
			return "", fmt.Errorf("%w: there are no digests in %s; %s names no languages beside site.language, %s", errUsage, tag, cfg.File, cfg.Site.Language)
		}
		return "", fmt.Errorf("%w: there are no digests in %s; there are some in %s (site.language and languages in %s)", errUsage, tag, strings.Join(all, ", "), cfg.File)
	}
	return tag, nil
}

// inLanguage is a cadence, and behind it the language where there are several.
func inLanguage(cadence, language string) string {
	if language == "" {
		return cadence
	}
	return cadence + " in " + language
}
