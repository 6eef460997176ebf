package webhook_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/motive-go/motive/webhook"
)

const secret = "canary-webhook-secret"

// sign is written out here so that the package does not judge itself.
func sign(key string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"action":"user_upserted","id":7}`)
	good := sign(secret, body)
	tests := []struct {
		name      string
		secret    string
		body      string
		signature string
		want      error
	}{
		{"signed with the secret", secret, string(body), good, nil},
		{"an empty body", secret, "", sign(secret, nil), nil},
		{"RFC 2202, case 2", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", nil},
		// Another integration's tests quote this as the example of Motive's page.
		{"a published example", "d9d36bea41c44ae49d1bfc4a48ba2abe", `["fault_code_closed"]`, "f04a8386a21a6cba0447024e83b3f0983352bb72", nil},
		{"an empty secret", "", string(body), sign("", body), webhook.ErrNoSecret},
		{"no signature", secret, string(body), "", webhook.ErrNoSignature},
		{"another secret", secret, string(body), sign("canary-other", body), webhook.ErrSignatureMismatch},
		{"JSON written again", secret, `{"action": "user_upserted", "id": 7}`, good, webhook.ErrSignatureMismatch},
		{"a newline more", secret, string(body) + "\n", good, webhook.ErrSignatureMismatch},
		{"the last digit differs", secret, string(body), good[:39] + other(good[39]), webhook.ErrSignatureMismatch},
		{"the first digit differs", secret, string(body), other(good[0]) + good[1:], webhook.ErrSignatureMismatch},
		{"upper case", secret, string(body), strings.ToUpper(good), webhook.ErrMalformedSignature},
		{"too short", secret, string(body), good[:39], webhook.ErrMalformedSignature},
		{"too long", secret, string(body), good + "0", webhook.ErrMalformedSignature},
		{"not hexadecimal", secret, string(body), "g" + good[1:], webhook.ErrMalformedSignature},
		{"with the name of the algorithm", secret, string(body), "sha1=" + good, webhook.ErrMalformedSignature},
		{"SHA-256", secret, string(body), strings.Repeat("0", 64), webhook.ErrMalformedSignature},
		{"a blank", secret, string(body), " ", webhook.ErrMalformedSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := webhook.Verify(test.secret, []byte(test.body), test.signature)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "upserted")) {
				t.Errorf("the error shows the secret or the body")
			}
		})
	}
}

// other is a digit that c is not.
func other(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

func FuzzVerify(f *testing.F) {
	f.Add("canary", []byte(`["user_upserted"]`), sign("canary", []byte(`["user_upserted"]`)))
	f.Add("canary", []byte(nil), strings.Repeat("F", 40))
	f.Add("", []byte("{}"), sign("", []byte("{}")))
	f.Add("canary", []byte("{}"), "")
	f.Add("canary\x00\xff", []byte("\xff"), strings.Repeat("é", 20))
	f.Fuzz(func(t *testing.T, key string, body []byte, signature string) {
		matches := key != "" && signature == sign(key, body)
		if err := webhook.Verify(key, body, signature); (err == nil) != matches {
			t.Errorf("error %v, although matching is %v", err, matches)
		}
	})
}
