// Package racedetector tells tests that the race detector makes everything ten times as
// slow.
package racedetector
