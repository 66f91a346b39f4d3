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

// quietFor is how long nothing must change before a change is told: editors and
// generators write a file in several steps.
const quietFor = 300 * time.Millisecond

// longestBurst bounds how long a tree that never rests can hold back the news.
const longestBurst = 5 * time.Second

// Watch tells on the channel it returns that files under the folders, or these
// files, changed, where the system can say so. Where it cannot (network drives, too
// many folders), it logs that, and the regular looks have to do. It ends with ctx.
func Watch(ctx context.Context, log *slog.Logger, folders, files []string) <-chan struct{} {
	changed := make(chan struct{}, 1)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("changes are noticed within a minute only: the system cannot watch files", "error", err)
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

// addFolders watches the folders and what they are in, so that one that was moved
// away and comes back is noticed.
func (w *watch) addFolders() {
	for _, folder := range w.folders {
		w.note(filepath.Dir(folder), w.watcher.Add(filepath.Dir(folder)))
		w.add(folder)
	}
}

// real is where a folder lies that may be named by a symbolic link.
func real(folder string) string {
	if path, err := filepath.EvalSymlinks(folder); err == nil {
		return path
	}
	return folder
}

// wanted tells an event of interest from one of a file's neighbours.
func (w *watch) wanted(name string) bool {
	return w.files[name] || slices.ContainsFunc(w.folders, func(folder string) bool {
		rel, err := filepath.Rel(folder, name)
		return err == nil && filepath.IsLocal(rel)
	})
}

// add watches a folder and those in it.
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
		w.log.Warn("some changes are noticed within a minute only: a folder cannot be watched", "folder", folder, "error", err)
	}
}

func (w *watch) run(ctx context.Context) {
	defer w.watcher.Close()
	quiet := time.NewTimer(quietFor)
	quiet.Stop()
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
			quiet.Reset(min(quietFor, max(0, longestBurst-time.Since(since))))
		case err := <-w.watcher.Errors:
			w.log.Warn("watching files", "error", err)
			quiet.Reset(quietFor)
		case <-quiet.C:
			since = time.Time{}
			select {
			case w.changed <- struct{}{}:
			default:
			}
		}
	}
}
