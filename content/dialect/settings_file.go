package dialect

import (
	"path/filepath"
	"publisher/content/literal"
)

// readSettings reads a config of any engine, scripts as text.
func ReadSettings(file string) (map[string]any, []byte, error) {
	switch filepath.Ext(file) {
	case ".py", ".js", ".mjs", ".cjs", ".ts":
		text, err := ReadLimited(file)
		if err != nil {
			return nil, nil, err
		}
		if filepath.Ext(file) == ".py" {
			return literal.PythonSettings(string(text)), text, nil
		}
		return literal.JSSettings(string(text)), text, nil
	}
	return ReadConfig(file)
}
