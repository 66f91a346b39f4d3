//go:build race

package main

// raceEnabled reports that the race detector makes programs ten times as slow.
const raceEnabled = true
