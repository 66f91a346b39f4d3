package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release: -ldflags "-X main.version=v1.2.3".
var version string

type buildInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

func build() buildInfo {
	b := buildInfo{Version: version, Commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

// buildID identifies this build of the program.
func buildID() string {
	b := build()
	return b.Version + " " + b.Commit
}

func newVersionCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "version",
		Short:   "Version, commit and Go version",
		Example: "  publisher version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := build()
			if a.json {
				return a.printJSON(b)
			}
			a.print("publisher %s, commit %s, %s", b.Version, b.Commit, b.Go)
			return nil
		},
	})
}
