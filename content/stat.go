package content

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"publisher/content/dialect"
	"publisher/content/post"

	"golang.org/x/sync/errgroup"
)

// candidate is a file whose size and time are not known yet.
type candidate struct {
	rel, full string
	entry     fs.DirEntry
}

// stat gets the sizes and times of all candidates, several at a time: in an unchanged tree this
// is most of the work.
func (w *walker) stat(ctx context.Context) error {
	infos, errs := make([]fs.FileInfo, len(w.found)), make([]error, len(w.found))
	group, ctx := errgroup.WithContext(ctx)
	const share = 500
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(w.found); from += share {
		group.Go(func() error {
			for i := from; i < min(from+share, len(w.found)); i++ {
				infos[i], errs[i] = w.found[i].entry.Info()
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	w.files = slices.Grow(w.files, len(w.found))
	for i, c := range w.found {
		switch {
		case errors.Is(errs[i], fs.ErrNotExist): // deleted since the folder was read
		case errs[i] != nil:
			w.problems = append(w.problems, post.Problem{Path: c.rel, Message: fmt.Sprintf("cannot be examined: %v", dialect.Reason(errs[i])), Invalid: true})
		default:
			w.take(c.rel, c.full, infos[i])
		}
	}
	return nil
}
