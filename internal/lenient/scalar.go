package lenient

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// longestScalar is more than a number, a time or a boolean takes, escapes included.
const longestScalar = 512

// scalar returns the characters of a value, none if they are too many.
func scalar(value []byte) []byte {
	if len(value) > longestScalar {
		return nil
	}
	return Unquote(value)
}

// Int reads a number, or a string that holds one, if it is whole: 7, "7" and
// 7.0, but not 7.5. With an exponent it may have 15 digits, up to which a
// float64 is exact.
func Int(value []byte) (int64, bool) {
	b := scalar(value)
	if !isNumber(b) {
		return 0, false
	}
	s := string(b)
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(fraction, "0") == "" {
		if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return n, true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if size := math.Abs(f); err != nil || len(s) > 16 || size < 1 || size >= 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// Bool reads true, "True", "t", 1 and "1", and their opposites.
func Bool(value []byte) (b, ok bool) {
	switch string(value) {
	case "true", "false": // as nearly all of them
		return value[0] == 't', true
	}
	b, err := strconv.ParseBool(strings.ToLower(string(scalar(value))))
	return b, err == nil
}

// Time reads an RFC 3339 time with or without fractions of a second, the same
// without an offset, or a date. Without an offset it is UTC, as Motive's times
// are unless a request asks for another zone.
func Time(value []byte) (t time.Time, ok bool) {
	if len(value) <= longestScalar && bytes.HasSuffix(value, []byte(`Z"`)) && beginsWithDay(value[1:]) && t.UnmarshalJSON(value) == nil {
		return t, true // as nearly all of them
	}
	s, layout := string(scalar(value)), time.RFC3339
	if !beginsWithDay(s) {
		return time.Time{}, false
	}
	switch {
	case len(s) == len(time.DateOnly):
		layout = time.DateOnly
	case !strings.ContainsAny(s[min(len(s), len(time.DateOnly)):], "Zz+-"):
		layout = "2006-01-02T15:04:05"
	}
	// In UTC rather than the machine's zone, so that all machines read a
	// response alike.
	t, err := time.ParseInLocation(layout, s, time.UTC)
	// An offset of a day or more parses, but cannot be written as JSON again.
	if _, offset := t.Zone(); err != nil || offset <= -24*3600 || offset >= 24*3600 {
		return time.Time{}, false
	}
	if t.IsZero() {
		return time.Time{}, true // without an offset, as the zero value has none
	}
	return t, true
}

// beginsWithDay reports whether s begins as 2006-01-02 does. What does not is no time,
// of which package time makes an error that takes many times its bytes.
func beginsWithDay[T string | []byte](s T) bool {
	const day = "0000-00-00"
	for i := range day {
		if i >= len(s) || isDigit(s[i]) != isDigit(day[i]) || day[i] == '-' && s[i] != '-' {
			return false
		}
	}
	month, of := string(s[5:7]), string(s[8:10])
	return "01" <= month && month <= "12" && "01" <= of && of <= "31"
}
