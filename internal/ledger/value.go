package ledger

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// instant is a time as it is stored: microseconds since 1970, NULL for the zero time.
type instant time.Time

func (i instant) Value() (driver.Value, error) {
	if time.Time(i).IsZero() {
		return nil, nil
	}
	return time.Time(i).UnixMicro(), nil
}

func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// asStored is a time as it comes back: in UTC, to the microsecond.
func asStored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// nanoseconds is a file's time as it is stored: nanoseconds since 1970, NULL for the zero
// time.
type nanoseconds time.Time

func (n nanoseconds) Value() (driver.Value, error) {
	if time.Time(n).IsZero() {
		return nil, nil
	}
	return time.Time(n).UnixNano(), nil
}

func (n *nanoseconds) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*n = nanoseconds{}
	case int64:
		*n = nanoseconds(time.Unix(0, v).UTC())
	default:
		return fmt.Errorf("a file's time is stored as %T", src)
	}
	return nil
}

// list is a list of strings as it is stored: a JSON array, "" for none.
type list []string

func (l list) String() string {
	if len(l) == 0 {
		return ""
	}
	text, err := json.Marshal([]string(l))
	if err != nil {
		return "" // strings always marshal
	}
	return string(text)
}

func (l list) Value() (driver.Value, error) { return l.String(), nil }

func (l *list) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a list is stored as %T", src)
	}
	*l = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(l))
}
