package motivetest

import (
	"io"
	"net/netip"
	"syscall"
)

// reservePort binds a loopback port without listening on it. While it is held the kernel hands
// the port to nobody who asks for any port, and yet lets us listen on it: without it, a port
// closed for a moment is soon another's.
func reservePort() (io.Closer, string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return anyPort()
	}
	loopback := [4]byte{127, 0, 0, 1}
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback})
	}
	name, _ := syscall.Getsockname(fd)
	in4, ok := name.(*syscall.SockaddrInet4)
	if err != nil || !ok {
		_ = syscall.Close(fd)
		return anyPort()
	}
	return held(fd), netip.AddrPortFrom(netip.AddrFrom4(loopback), uint16(in4.Port)).String()
}

// held is the socket that holds the port.
type held int

func (h held) Close() error { return syscall.Close(int(h)) }
