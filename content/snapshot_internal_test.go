package content

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"publisher/content/post"

	"github.com/google/go-cmp/cmp"
)

// Every field of a post and of a problem is remembered: a new one that the snapshot
// forgets would be there after a scan that reads the file, and gone after the next.
func TestSnapshotRemembersEveryField(t *testing.T) {
	var p post.Post
	n := 0
	fill(t, reflect.ValueOf(&p).Elem(), &n)
	var omission post.Omission
	fill(t, reflect.ValueOf(&omission).Elem(), &n)
	var problem post.Problem
	fill(t, reflect.ValueOf(&problem).Elem(), &n)
	want := record{path: p.Path, size: 7, modTime: p.ModTime.UnixNano(), post: &p, leftOut: &omission, problems: []post.Problem{problem}}
	data, err := (&Snapshot{started: time.Unix(1, 0), records: []record{want}}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got Snapshot
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	equal := cmp.Options{
		cmp.AllowUnexported(record{}),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Format(time.RFC3339) == b.Format(time.RFC3339) }),
	}
	got.records[0].post.ModTime = got.records[0].post.ModTime.UTC()
	if diff := cmp.Diff(want, got.records[0], equal); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fill gives every field below v a value of its own that is not zero.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2020, 1, 1, 0, 0, *n, *n, time.UTC)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(1 + *n%255))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	default:
		t.Fatalf("the test cannot fill a %s: teach it to", v.Type())
	}
}
