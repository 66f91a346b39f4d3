package address

import (
	"strings"
	"testing"
)

// What isPlain takes, the rules take too, with the same key.
func FuzzPlain(f *testing.F) {
	for _, email := range []string{
		"ann@example.com", "Ann.Lee+News@EXAMPLE.com", "root@localhost", "a@1.2.3.4", "a@x-.example", "a@-x.example", "a@ab--cd.example", "a@xn--bcher-kva.example",
		"a@x..example", "a@x.example.", "a@x_y.example", ".a@example.com", "a..b@example.com", "a@b@example.com", "@example.com", "a@", "a",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b", 64) + ".example", "a@" + strings.Repeat("b.", 130) + "example", "a@3com.example", "a@example.c0m", "a@example.1",
	} {
		f.Add(email)
	}
	f.Fuzz(func(t *testing.T, email string) {
		if !isPlain(email) {
			return
		}
		key, err := normalize(email)
		if err != nil || key != strings.ToLower(email) {
			t.Errorf("%q is taken for plain; its key is %q, %v", email, key, err)
		}
	})
}
