//go:build !linux

package motivetest

import "io"

// reservePort is for Linux only. Elsewhere a port that [Server.Refuse] has closed may, rarely,
// be taken by another program; it is opened again as soon as it is free.
func reservePort() (io.Closer, string) { return anyPort() }
