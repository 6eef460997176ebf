package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/motive-go/motive/provision"

	printable "github.com/motive-go/motive/internal/text"
)

// The exit codes of every command.
const (
	exitDone    = 0 // everything is in line
	exitRows    = 1 // rows of the roster, or users, need somebody's attention
	exitUsage   = 2 // the command cannot be run like this
	exitStopped = 3 // interrupted, held by a limit, or the service or the login failed
	exitPending = 4 // changes are pending; with --detailed-exitcode only
)

// exitError ends the program with a code. What there is to say has been said
// where err is nil.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exit is err with a code; nil where err is nil.
func exit(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code, err}
}

// exitCode is the code that an error ends the program with. An error that nobody
// has given a code to is one of flags, arguments or files.
func exitCode(err error) int {
	var coded *exitError
	var roster *provision.RosterError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, provision.ErrStopped), errors.Is(err, provision.ErrUnsafe):
		return exitStopped
	case errors.As(err, &roster):
		return exitRows
	}
	return exitUsage
}

// explain prints an error, unless it has been said already.
func (h host) explain(err error) {
	var coded *exitError
	if errors.As(err, &coded) && coded.err == nil {
		return
	}
	var roster *provision.RosterError
	if errors.As(err, &roster) {
		h.say("The roster cannot be read:")
		columns := false
		for _, p := range roster.Problems {
			h.say("  " + p.Error())
			columns = columns || p.Column != ""
		}
		if columns {
			h.say(columnsHelp)
		}
		return
	}
	message := err.Error()
	for _, prefix := range []string{"provision: ", "motive: "} {
		message = strings.ReplaceAll(message, prefix, "")
	}
	h.say("motive: " + message)
}

const columnsHelp = `--map "Employee ID=external_id" gives a heading a name of the API, and --ignore-unknown leaves out the others. In a workbook, --heading-row 3 says where the headings are.`

// say writes a text for people beside the output, wrapped, without control
// characters.
func (h host) say(message string) {
	width := h.screen().width
	for line := range strings.SplitSeq(message, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		line = printable.Printable(line, 4000)
		for _, part := range folded(line, width-len(indent)) {
			fmt.Fprintln(h.err, strings.TrimRight(indent+part, " "))
		}
	}
}
