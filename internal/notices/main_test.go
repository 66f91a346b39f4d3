package main

import (
	"os"
	"strings"
	"testing"
)

// The file in the repository names what the program contains today.
func TestNoticesAreCurrent(t *testing.T) {
	t.Chdir("../..")
	var got strings.Builder
	if err := run(&got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("THIRD_PARTY_NOTICES.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Error("THIRD_PARTY_NOTICES.txt is not what `make notices` writes; run it")
	}
}
