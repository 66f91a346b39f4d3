package publish

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// debounce is how long nothing must change before a change is reported: editors and
// generators write a file in several steps.
const debounce = 300 * time.Millisecond

// maxDebounce is how long a tree that keeps changing can delay that.
const maxDebounce = 5 * time.Second

// Watch returns a channel that receives when something in the folders, or one of the files,
// has changed. If the system cannot watch them (network drives, too many folders), it logs
// that, and changes are found by the regular surveys. It ends with ctx.
func Watch(ctx context.Context, log *slog.Logger, folders, files []string) <-chan struct{} {
	changed := make(chan struct{}, 1)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("cannot watch files; changes are noticed within a minute", "error", err)
		return changed
	}
	w := &watch{watcher: watcher, log: log, files: map[string]bool{}, changed: changed}
	for _, folder := range folders {
		w.folders = append(w.folders, real(folder))
	}
	w.addFolders()
	for _, file := range files {
		w.files[file] = true
		// The folder is watched: editors replace the file itself.
		w.note(filepath.Dir(file), watcher.Add(filepath.Dir(file)))
	}
	go w.run(ctx)
	return changed
}

type watch struct {
	watcher *fsnotify.Watcher
	log     *slog.Logger
	folders []string
	files   map[string]bool
	changed chan struct{}
	failed  bool
}

// addFolders watches the folders and their parents, so that a folder that is moved away and
// back is noticed.
func (w *watch) addFolders() {
	for _, folder := range w.folders {
		w.note(filepath.Dir(folder), w.watcher.Add(filepath.Dir(folder)))
		w.add(folder)
	}
}

// real returns the path of a folder without symbolic links.
func real(folder string) string {
	if path, err := filepath.EvalSymlinks(folder); err == nil {
		return path
	}
	return folder
}

// wanted reports whether a change of a file is of interest.
func (w *watch) wanted(name string) bool {
	return w.files[name] || slices.ContainsFunc(w.folders, func(folder string) bool {
		rel, err := filepath.Rel(folder, name)
		return err == nil && filepath.IsLocal(rel)
	})
}

// add watches a folder and all folders in it.
func (w *watch) add(folder string) {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // the scan reports what cannot be read
		}
		if path != folder && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return w.watcher.Add(path)
	})
	w.note(folder, err)
}

// note logs the first folder that cannot be watched.
func (w *watch) note(folder string, err error) {
	if err != nil && !w.failed {
		w.failed = true
		w.log.Warn("cannot watch a folder; its changes are noticed within a minute", "folder", folder, "error", err)
	}
}

func (w *watch) run(ctx context.Context) {
	defer w.watcher.Close()
	settled := time.NewTimer(debounce)
	settled.Stop()
	var since time.Time // when the burst began; zero between bursts
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.watcher.Events:
			if !w.wanted(event.Name) {
				continue
			}
			if event.Has(fsnotify.Create) {
				w.add(event.Name)
			}
			if since.IsZero() {
				since = time.Now()
			}
			settled.Reset(min(debounce, max(0, maxDebounce-time.Since(since))))
		case err := <-w.watcher.Errors:
			w.log.Warn("watching files", "error", err)
			settled.Reset(debounce)
		case <-settled.C:
			since = time.Time{}
			select {
			case w.changed <- struct{}{}:
			default:
			}
		}
	}
}
