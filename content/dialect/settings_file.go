package dialect

import (
	"path/filepath"
	"publisher/content/literal"
)

// ReadAnyConfig reads the config of any engine. Scripts are read as literals and never run.
func ReadAnyConfig(file string) (map[string]any, []byte, error) {
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
	return ReadConfigFile(file)
}
