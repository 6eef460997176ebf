//go:build race

package chaos_test

// underRace says that the race detector is on, which makes all of this some ten
// times slower.
const underRace = true
