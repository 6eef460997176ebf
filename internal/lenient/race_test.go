//go:build race

package lenient_test

// raceDetector allocates on its own account.
const raceDetector = true
