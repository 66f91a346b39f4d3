package feed

import (
	"bytes"
	"io"
)

// encoder writes a document in one format: first without items, then item by item, so
// that an item can be copied from the previous document.
type encoder struct {
	write func(io.Writer) error
	// items returns a function that writes one item, preceded by its line break.
	items func(io.Writer) func(i int) error
	// end is how a document without items ends; tail is what follows the last item
	// instead.
	end, tail string
}

// encode writes a model as a document, and returns the lengths of its parts: what is
// before the items, and each item.
func (m *model) encode(buf *bytes.Buffer, f format, nth int) ([]int, error) {
	l := f.newEncoder(m, f)
	if err := l.write(buf); err != nil || len(m.Items) == 0 {
		return []int{buf.Len()}, err
	}
	buf.Truncate(len(bytes.TrimSuffix(buf.Bytes(), []byte(l.end))))
	lengths := append(make([]int, 0, len(m.Items)+1), buf.Len())
	write := l.items(buf)
	for i := range m.Items {
		if i > 0 {
			buf.WriteString(f.between)
		}
		start := buf.Len()
		if old := m.kept[i]; old != nil {
			buf.Write(old[nth])
		} else if err := write(i); err != nil {
			return nil, err
		}
		buf.Truncate(len(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))) // JSON's encoder ends lines
		lengths = append(lengths, buf.Len()-start)
	}
	buf.WriteString(l.tail)
	return lengths, nil
}
