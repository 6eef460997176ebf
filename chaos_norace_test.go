//go:build !race

package motive_test

const underRace = false
