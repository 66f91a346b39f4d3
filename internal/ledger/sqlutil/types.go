package sqlutil

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Time is a time as it is stored: microseconds since 1970, NULL for the zero time.
type Time time.Time

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) { return stored(time.Time(t), time.Time.UnixMicro) }

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error { return scan((*time.Time)(t), src, time.UnixMicro) }

// FileTime is a file's time as it is stored: nanoseconds since 1970, NULL for the zero
// time.
type FileTime time.Time

// Value implements driver.Valuer.
func (t FileTime) Value() (driver.Value, error) { return stored(time.Time(t), time.Time.UnixNano) }

// Scan implements sql.Scanner.
func (t *FileTime) Scan(src any) error {
	return scan((*time.Time)(t), src, func(n int64) time.Time { return time.Unix(0, n) })
}

func stored(t time.Time, unix func(time.Time) int64) (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return unix(t), nil
}

func scan(t *time.Time, src any, unix func(int64) time.Time) error {
	switch v := src.(type) {
	case nil:
		*t = time.Time{}
	case int64:
		*t = unix(v).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// Stored returns a time as it is read back: in UTC, to the microsecond.
func Stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Number is a number as it is stored: NULL for 0.
type Number int64

// Value implements driver.Valuer.
func (n Number) Value() (driver.Value, error) {
	if n == 0 {
		return nil, nil
	}
	return int64(n), nil
}

// Texts is a map of strings as it is stored: a JSON object, "" for none.
type Texts map[string]string

// Value implements driver.Valuer.
func (t Texts) Value() (driver.Value, error) {
	if len(t) == 0 {
		return "", nil
	}
	text, err := json.Marshal(map[string]string(t))
	return string(text), err
}

// Scan implements sql.Scanner.
func (t *Texts) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a map is stored as %T", src)
	}
	*t = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*map[string]string)(t))
}

// Strings is a list of strings as it is stored: a JSON array, "" for none.
type Strings []string

func (s Strings) String() string {
	if len(s) == 0 {
		return ""
	}
	text, err := json.Marshal([]string(s))
	if err != nil {
		return "" // strings always marshal
	}
	return string(text)
}

// Value implements driver.Valuer.
func (s Strings) Value() (driver.Value, error) { return s.String(), nil }

// Scan implements sql.Scanner.
func (s *Strings) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a list is stored as %T", src)
	}
	*s = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(s))
}
