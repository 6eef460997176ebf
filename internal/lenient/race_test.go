//go:build race

package lenient_test

const raceDetector = true
