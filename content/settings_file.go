package content

import "path/filepath"

// readSettings reads a config of any engine, scripts as text.
func readSettings(file string) (map[string]any, []byte, error) {
	switch filepath.Ext(file) {
	case ".py", ".js", ".mjs", ".cjs", ".ts":
		text, err := readLimited(file)
		if err != nil {
			return nil, nil, err
		}
		if filepath.Ext(file) == ".py" {
			return pythonSettings(string(text)), text, nil
		}
		return scriptSettings(string(text)), text, nil
	}
	return readConfig(file)
}
