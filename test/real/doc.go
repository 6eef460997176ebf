// Package real has no code but tests: they run the client through nginx, toxiproxy,
// an OAuth 2.0 provider and a browser, and hold it to what it promises. README.md
// says how to run them and what each of them shows.
package real
