package passstate

import (
	"context"
	"sync"

	"publisher/internal/ledger"
)

// Memory is what passes over one copy of the content tree, and of the files of the feeds, leave for the
// next ones.
type Memory interface {
	LoadScanSnapshot(context.Context) ([]byte, error)
	SaveScanSnapshot(context.Context, []byte) error
	LoadUnchangedNote(context.Context) (*UnchangedNote, error)
	SaveUnchangedNote(context.Context, UnchangedNote) error
	LoadFeedState(context.Context) (FeedState, error)
	SaveFeedState(context.Context, FeedState) error
	ForgetFeedInputs(context.Context) error
	SaveFeedNames(context.Context, FeedNames) error
}

// InLedger is the memory in a ledger, of the process that makes the passes.
func InLedger(l *ledger.Ledger) Memory { return inLedger{l} }

type inLedger struct{ ledger *ledger.Ledger }

func (m inLedger) LoadScanSnapshot(ctx context.Context) ([]byte, error) {
	return LoadScanSnapshot(ctx, m.ledger)
}
func (m inLedger) SaveScanSnapshot(ctx context.Context, data []byte) error {
	return SaveScanSnapshot(ctx, m.ledger, data)
}
func (m inLedger) LoadUnchangedNote(ctx context.Context) (*UnchangedNote, error) {
	return LoadUnchangedNote(ctx, m.ledger)
}
func (m inLedger) SaveUnchangedNote(ctx context.Context, n UnchangedNote) error {
	return SaveUnchangedNote(ctx, m.ledger, n)
}
func (m inLedger) LoadFeedState(ctx context.Context) (FeedState, error) {
	return LoadFeedState(ctx, m.ledger)
}
func (m inLedger) SaveFeedState(ctx context.Context, s FeedState) error {
	return SaveFeedState(ctx, m.ledger, s)
}
func (m inLedger) ForgetFeedInputs(ctx context.Context) error { return ForgetFeedInputs(ctx, m.ledger) }
func (m inLedger) SaveFeedNames(ctx context.Context, n FeedNames) error {
	return SaveFeedNames(ctx, m.ledger, n)
}

// Own is the memory of a process that writes feeds and makes no passes. It ends with the process.
type Own struct {
	mu       sync.Mutex
	snapshot []byte
	note     *UnchangedNote
	feeds    FeedState
}

// LoadScanSnapshot implements [Memory].
func (m *Own) LoadScanSnapshot(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot, nil
}

// SaveScanSnapshot implements [Memory].
func (m *Own) SaveScanSnapshot(_ context.Context, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshot = data
	return nil
}

// LoadUnchangedNote implements [Memory].
func (m *Own) LoadUnchangedNote(context.Context) (*UnchangedNote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.note, nil
}

// SaveUnchangedNote implements [Memory].
func (m *Own) SaveUnchangedNote(_ context.Context, n UnchangedNote) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note = &n
	return nil
}

// LoadFeedState implements [Memory].
func (m *Own) LoadFeedState(context.Context) (FeedState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.feeds, nil
}

// SaveFeedState implements [Memory].
func (m *Own) SaveFeedState(_ context.Context, s FeedState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.feeds = s
	return nil
}

// ForgetFeedInputs implements [Memory].
func (m *Own) ForgetFeedInputs(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := make([]FeedFile, len(m.feeds.Files))
	for i, f := range m.feeds.Files {
		f.Inputs, f.Items = "", nil
		files[i] = f
	}
	m.feeds.Files = files
	return nil
}

// SaveFeedNames implements [Memory]: whoever makes the passes gives names for good.
func (m *Own) SaveFeedNames(context.Context, FeedNames) error { return nil }
