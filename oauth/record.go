package oauth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/oauth2"
)

// Record is what a [Store] keeps of one login: its token, the refresh that is
// under way or was interrupted, and which refresh tokens are spent.
//
// To a store it is JSON that it need not understand: json.Marshal gives a
// document of a few kilobytes, json.Unmarshal takes it back, with the members
// that a newer version of this package has put there. The JSON of a bare
// [oauth2.Token] is a Record too. The document is a secret; a printed or logged
// Record shows none of it.
type Record struct {
	// Token is the newest token; nil where there is none.
	Token *oauth2.Token

	// The fields below are never changed in place, so that copies may share them.
	intent *intent
	spent  []spent
	// unknown is behind a pointer because fmt prints unexported fields without
	// asking Format.
	unknown *members
}

// intent says that a refresh token is about to be presented. It stands in the
// store from before the request until the response is saved: one that is found
// there was left by a refresh whose end nobody knows.
type intent struct {
	Fingerprint string    `json:"fingerprint"` // of the refresh token
	By          string    `json:"by"`          // host, process and source
	Since       time.Time `json:"since"`

	raw json.RawMessage // as it was read, so that nothing of it is lost
}

// spent is a refresh token that was answered invalid_grant.
type spent struct {
	Fingerprint string `json:"fingerprint"`
	Reason      string `json:"reason"` // of the ReconnectError
	Interrupted bool   `json:"interrupted,omitempty"`

	raw json.RawMessage
}

type members struct{ m map[string]json.RawMessage }

// maxSpent is how many spent refresh tokens are remembered. One is enough while
// processes share one login; the others serve those that hold an older token.
const maxSpent = 8

// The members of the JSON document. Those of the token are named as in
// oauth2.Token; its expires_in says nothing once it is stored, and is dropped.
const (
	memberAccess  = "access_token"
	memberRefresh = "refresh_token"
	memberType    = "token_type"
	memberExpiry  = "expiry"
	memberExpires = "expires_in"
	memberIntent  = "intent"
	memberSpent   = "spent"
)

// MarshalJSON fails only for an expiry beyond the year 9999.
func (r Record) MarshalJSON() ([]byte, error) {
	doc := make(map[string]any, 8)
	if r.unknown != nil {
		for name, value := range r.unknown.m {
			doc[name] = value
		}
	}
	if t := r.Token; t != nil {
		for name, value := range map[string]string{
			memberAccess: t.AccessToken, memberRefresh: t.RefreshToken, memberType: t.TokenType,
		} {
			if value != "" {
				doc[name] = value
			}
		}
		if !t.Expiry.IsZero() {
			doc[memberExpiry] = t.Expiry
		}
	}
	if r.intent != nil {
		doc[memberIntent] = rawOr(r.intent.raw, r.intent)
	}
	if len(r.spent) > 0 {
		list := make([]any, len(r.spent))
		for i := range r.spent {
			list[i] = rawOr(r.spent[i].raw, r.spent[i])
		}
		doc[memberSpent] = list
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, errors.New("the record of a login has an expiry that JSON cannot hold")
	}
	return data, nil
}

func rawOr(raw json.RawMessage, value any) any {
	if raw != nil {
		return raw
	}
	return value
}

// UnmarshalJSON fails where data is no JSON object or a member of the token has
// another type than it should. The error quotes nothing of data.
func (r *Record) UnmarshalJSON(data []byte) error {
	var doc map[string]json.RawMessage
	if json.Unmarshal(data, &doc) != nil {
		return errNoRecord
	}
	if doc == nil {
		return nil // null changes nothing, by convention
	}
	token, err := decodeToken(doc)
	if err != nil {
		return err
	}
	own := Record{Token: token, intent: decodeIntent(doc[memberIntent]), spent: decodeSpent(doc[memberSpent])}
	for _, known := range []string{memberAccess, memberRefresh, memberType, memberExpiry, memberExpires, memberIntent, memberSpent} {
		delete(doc, known)
	}
	if len(doc) > 0 {
		own.unknown = &members{doc}
	}
	*r = own
	return nil
}

var errNoRecord = errors.New("not the record of a login")

// decodeToken returns nil where doc has no token in it.
func decodeToken(doc map[string]json.RawMessage) (*oauth2.Token, error) {
	var t oauth2.Token
	for name, target := range map[string]any{
		memberAccess: &t.AccessToken, memberRefresh: &t.RefreshToken, memberType: &t.TokenType, memberExpiry: &t.Expiry,
	} {
		if value, ok := doc[name]; ok && json.Unmarshal(value, target) != nil {
			return nil, fmt.Errorf("%w: its %s is damaged", errNoRecord, name)
		}
	}
	if t.AccessToken == "" && t.RefreshToken == "" {
		return nil, nil
	}
	return &t, nil
}

// decodeIntent keeps an intent that it cannot read: that one was left is what
// counts.
func decodeIntent(data json.RawMessage) *intent {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	own := &intent{}
	_ = json.Unmarshal(data, own)
	own.raw = data
	return own
}

func decodeSpent(data json.RawMessage) []spent {
	var list []json.RawMessage
	_ = json.Unmarshal(data, &list)
	var all []spent
	for _, item := range list {
		var own spent
		_ = json.Unmarshal(item, &own)
		own.raw = item
		all = append(all, own)
	}
	return all
}

// Format prints the same under any verb.
func (r Record) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "oauth.Record{…}") }

// LogValue keeps a handler that writes JSON from asking MarshalJSON.
func (r Record) LogValue() slog.Value { return slog.StringValue("oauth.Record{…}") }

// clone returns a copy whose token may be changed.
func (r *Record) clone() *Record {
	if r == nil {
		return nil
	}
	own := *r
	own.Token = copyToken(r.Token)
	return &own
}

// with returns a copy with another token.
func (r *Record) with(token *oauth2.Token) *Record {
	own := Record{}
	if r != nil {
		own = *r
	}
	own.Token = copyToken(token)
	return &own
}

// withIntent returns a copy that says who presents a refresh token, or, for nil,
// that nobody does.
func (r *Record) withIntent(i *intent) *Record {
	own := r.clone()
	own.intent = i
	return own
}

// withSpent returns a copy that remembers a spent refresh token, and forgets the
// oldest beyond maxSpent.
func (r *Record) withSpent(s spent) *Record {
	own := r.clone()
	own.spent = append(slices.Clone(r.spent), s)
	own.spent = own.spent[max(0, len(own.spent)-maxSpent):]
	return own
}

// interrupted returns the intent that an earlier refresh with this refresh token
// has left; nil if there is none.
func (r *Record) interrupted(refreshToken string) *intent {
	if r == nil || r.intent == nil || r.intent.Fingerprint != fingerprint(refreshToken) {
		return nil
	}
	return r.intent
}

// spentAs returns what is remembered of a spent refresh token.
func (r *Record) spentAs(refreshToken string) (spent, bool) {
	if r == nil {
		return spent{}, false
	}
	want := fingerprint(refreshToken)
	at := slices.IndexFunc(r.spent, func(s spent) bool { return s.Fingerprint == want })
	if at < 0 {
		return spent{}, false
	}
	return r.spent[at], true
}

// fingerprint names a refresh token without giving it away: half of a SHA-256,
// in hex.
func fingerprint(refreshToken string) string {
	sum := sha256.Sum256([]byte("motive refresh token\x00" + refreshToken))
	return hex.EncodeToString(sum[:16])
}

func copyToken(token *oauth2.Token) *oauth2.Token {
	if token == nil {
		return nil
	}
	own := *token
	return &own
}

// sameToken reports whether two tokens come from the same response.
func sameToken(a, b *oauth2.Token) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.AccessToken == b.AccessToken && a.RefreshToken == b.RefreshToken
}
