package main

import (
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/motive-go/motive/provision"
)

// screen is what is printed on.
type screen struct {
	width int
	color bool // of the output
	live  bool // whether a line beside the output can be drawn over
}

const usualWidth = 80

// screen looks at the terminal, and at NO_COLOR, COLUMNS and TERM.
func (h host) screen() screen {
	s := screen{width: usualWidth}
	if n, err := strconv.Atoi(h.env("COLUMNS")); err == nil && n > 0 {
		s.width = n
	}
	smart := h.env("TERM") != "dumb"
	if fd, ok := terminal(h.out); ok {
		if n, _, err := term.GetSize(fd); err == nil && n > 0 {
			s.width = n
		}
		s.color = smart && h.env("NO_COLOR") == ""
	}
	_, ok := terminal(h.err)
	s.live = ok && smart
	return s
}

func (s screen) print(all bool) provision.PrintOptions {
	return provision.PrintOptions{Width: s.width, Color: s.color, All: all}
}

// terminal returns the descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	file, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}
