package dialects

import "publisher/internal/config"

// Names returns the dialects that New knows.
func Names() []config.Dialect {
	return []config.Dialect{config.Hugo, config.Jekyll, config.Pelican, config.Zola, config.Eleventy, config.Markdown}
}
