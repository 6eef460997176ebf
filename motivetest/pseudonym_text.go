package motivetest

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What in a sentence is taken for a value although no field has shown it
// before: addresses, long numbers, credentials, quotations, and capitalised
// words that do not begin a sentence.
var (
	mailInText   = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}.-]+`)
	urlInText    = regexp.MustCompile(`\w+://\S+`)
	bearerInText = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}`)
	phoneInText  = regexp.MustCompile(`\+?\(?\d[\d ().-]{8,}\d|\b\d{3}[-. ]\d{4}\b`)
	numberInText = regexp.MustCompile(`\b\d{5,}\b`)
	mixedInText  = regexp.MustCompile(`\b[\w.-]*(?:[A-Za-z][\w.-]*\d|\d[\w.-]*[A-Za-z])[\w.-]*`)
	joinedInText = regexp.MustCompile(`[\p{L}\p{N}@+][\p{L}\p{N}@+'’]*(?:[._-]+[\p{L}\p{N}@+'’]+)+`)
	quoteInText  = regexp.MustCompile(`"[^"]+"|“[^”]+”|\x60[^\x60]+\x60`)
	capitalRun   = regexp.MustCompile(`\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*`)
	// syntheticPhone is a number that no line has: 555-01xx in any area.
	syntheticPhone = regexp.MustCompile(`^(\+?1[-. ]?)?\(?\d{3}\)?[-. ]?555[-. ]?01\d\d$`)
	standInText    = regexp.MustCompile(`^(First|Last|Name|Licence|Code|Carrier|Street|City|State|Zip|Text|user|person)\d{4,}$|^99\d{6,}(\.5)?$`)
)

// vocabulary holds the words of the API: of its fields, values and statuses.
// They may be quoted, joined with numbers and each other, and capitalised
// anywhere.
var vocabulary = func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(`api eld hos dot id ids json http html url us usa i motive keeptruckin
		user users driver drivers fleet admin invalid missing value request must validation failed
		exception restart break wait short haul farm school bus adverse driving canada oil north other
		logs none exempt timecards not required active deactivated pending limited
		minute minutes hour hours never off duty on sleeper waiting
		tx ak ca o p h m s d st nd rd th`) {
		words[w] = true
	}
	for field := range fieldKinds {
		for w := range strings.SplitSeq(field, "_") {
			words[w] = true
		}
	}
	for _, f := range userFields {
		for w := range strings.SplitSeq(f.name, "_") {
			words[w] = true
		}
	}
	for status := 400; status < 600; status++ {
		for w := range strings.FieldsSeq(http.StatusText(status)) {
			words[strings.ToLower(w)] = true
		}
	}
	return words
}()

// nameWords are further words of which names in an API are made: of fields that
// this version does not know, of codes, and of time zones. In a sentence a
// capitalised one may still be somebody's name.
var nameWords = func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(`vehicle vehicles asset assets group groups default custom generic tms pagination
		lookup by true false access refresh auth token tokens secret password key app client scope scopes read manage
		blank taken duplicate unknown unsupported format length unit units number numbers note notes tag tags list count
		data item items result results next previous is has can be enabled disabled verified locked hidden profile
		settings preferences date time timestamp day days month year start end begin expiry timezone locale language
		manager supervisor dispatcher team department branch region company country avatar image photo badge nickname
		title label description reason category level priority score rate hourly wage tax vin odometer engine device
		tablet camera gateway version source origin parent children address latitude longitude location unlimited
		only mail no re new old pre sub non east west south
		atlantic eastern central mountain pacific indiana saskatchewan arizona alaska hawaii utc gmt etc america
		new york chicago denver los angeles phoenix anchorage toronto vancouver winnipeg edmonton regina halifax`) {
		words[w] = true
	}
	return words
}()

// scrub takes the values out of a sentence and leaves its words.
func (p *pseudonyms) scrub(s string) string {
	for _, secret := range longestFirst(p.secrets) {
		s = replaceWord(s, secret, redacted)
	}
	s = bearerInText.ReplaceAllString(s, redacted)
	s = urlInText.ReplaceAllString(s, "[url]")
	s = mailInText.ReplaceAllStringFunc(s, func(v string) string {
		trimmed := strings.TrimRight(v, ".-")
		return p.of(dataEmail, trimmed) + v[len(trimmed):]
	})
	for _, known := range p.known() {
		s = replaceWord(s, known.value, p.byValue[known])
	}
	s = phoneInText.ReplaceAllStringFunc(s, p.unlessStandIn(dataPhone))
	s = joinedInText.ReplaceAllStringFunc(s, p.unlessPlain)
	s = numberInText.ReplaceAllStringFunc(s, p.unlessStandIn(dataNumber))
	s = mixedInText.ReplaceAllStringFunc(s, p.unlessPlain)
	s = quoteInText.ReplaceAllStringFunc(s, p.unlessPlain)
	return scrubNames(s)
}

func (p *pseudonyms) unlessStandIn(k dataKind) func(string) string {
	return func(v string) string {
		if isStandIn(v) {
			return v
		}
		return p.of(k, v)
	}
}

// unlessPlain keeps a quoted or mixed value that is a word of the API: a field,
// a cycle such as 70_8_o, an answer's status.
func (p *pseudonyms) unlessPlain(v string) string {
	word := strings.Trim(v, "\"“”`.")
	if isStandIn(word) || apiName(word) {
		return v
	}
	return strings.Replace(v, word, p.of(dataText, word), 1)
}

func isStandIn(s string) bool {
	return standInText.MatchString(s) || syntheticPhone.MatchString(s) || strings.HasSuffix(s, "@example.com")
}

// apiName reports whether every part of a token is a known word or a short
// number: "exception_24_hour_restart", "group_ids[0]", "70_8_2020", "30th".
func apiName(token string) bool {
	parts := strings.FieldsFunc(strings.ToLower(token), func(r rune) bool { return strings.ContainsRune(" _.-[]()", r) })
	for _, part := range parts {
		word := strings.Trim(part, "0123456789")
		if len(part)-len(word) > 3 && part != "2020" || word != "" && !vocabulary[word] && !nameWords[word] {
			return false
		}
	}
	return len(parts) > 0 && len(token) < 64
}

// scrubNames replaces runs of capitalised words that do not merely begin a
// sentence: in English text they are names.
func scrubNames(s string) string {
	var out strings.Builder
	last := 0
	for _, at := range capitalRun.FindAllStringIndex(s, -1) {
		run := s[at[0]:at[1]]
		if before, _ := utf8.DecodeLastRuneInString(s[:at[0]]); unicode.IsLetter(before) || unicode.IsDigit(before) {
			continue // the middle of a word
		}
		words := strings.Fields(run)
		begins := beginsSentence(s[:at[0]])
		for i, w := range words {
			bare := strings.ToLower(strings.TrimSuffix(w, "-"))
			if isStandIn(w) || vocabulary[bare] || begins && i == 0 && (len(words) == 1 || followedByKnown(words[1:])) {
				continue
			}
			words[i] = "[name]"
		}
		out.WriteString(s[last:at[0]])
		out.WriteString(strings.Join(words, " "))
		last = at[1]
	}
	out.WriteString(s[last:])
	return out.String()
}

// followedByKnown tells "Validation Failed" from a name.
func followedByKnown(words []string) bool {
	for _, w := range words {
		if !isStandIn(w) && !vocabulary[strings.ToLower(w)] {
			return false
		}
	}
	return true
}

func beginsSentence(before string) bool {
	before = strings.TrimRight(before, " \t\n\"'(“")
	return before == "" || strings.ContainsAny(before[len(before)-1:], ".:;!?")
}

// replaceWord replaces old where it stands as a word of its own. Short words
// must agree in case, so that the name "Al" does not hit "al".
func replaceWord(s, old, stand string) string {
	if len(old) < 2 {
		return s
	}
	same := func(a, b string) bool { return a == b }
	if len(old) >= 4 {
		same = strings.EqualFold
	}
	var out strings.Builder
	last := 0
	for i := 0; i+len(old) <= len(s); i++ {
		end := i + len(old)
		if i < last || !same(s[i:end], old) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[end:])
		if wordRune(before) || wordRune(after) {
			continue
		}
		out.WriteString(s[last:i] + stand)
		last = end
	}
	return out.String() + s[last:]
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// longestFirst orders words for replaceWord, so that a word that holds another
// one goes before it.
func longestFirst[V any](words map[string]V) []string {
	return slices.SortedFunc(maps.Keys(words), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
}
