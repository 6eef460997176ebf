package webhook

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
)

// SignatureHeader is the header that carries the signature of a delivery.
//
// Motive's hub: the page on webhooks.
const SignatureHeader = "X-KT-Webhook-Signature"

// What [Verify] finds wrong.
var (
	// ErrNoSecret is a fault of the receiver: with an empty secret anybody could sign.
	ErrNoSecret = errors.New("webhook: no secret is configured")
	// ErrNoSignature says that the delivery carries no signature at all.
	ErrNoSignature = errors.New("webhook: the delivery has no signature")
	// ErrMalformedSignature says that the signature is not 40 lower-case hexadecimal digits.
	ErrMalformedSignature = errors.New("webhook: the signature is not 40 lower-case hexadecimal digits")
	// ErrSignatureMismatch says that the body was signed with another secret, or
	// changed since, for instance by being decoded and written again.
	ErrSignatureMismatch = errors.New("webhook: the signature does not match the body")
)

// Verify returns nil if signature, the value of [SignatureHeader], is that of body
// under the shared secret. The body has to be as it was received, byte for byte.
//
// Errors: [ErrNoSecret], [ErrNoSignature], [ErrMalformedSignature] and
// [ErrSignatureMismatch], for errors.Is. The comparison takes the same time
// wherever the first difference is.
func Verify(secret string, body []byte, signature string) error {
	if secret == "" {
		return ErrNoSecret
	}
	if signature == "" {
		return ErrNoSignature
	}
	claimed, ok := decodeSignature(signature)
	if !ok {
		return ErrMalformedSignature
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), claimed) {
		return ErrSignatureMismatch
	}
	return nil
}

// decodeSignature reports false for what Motive would not write. Unlike the secret,
// the form of a signature may be told by timing: its sender knows it.
func decodeSignature(signature string) ([]byte, bool) {
	if len(signature) != hex.EncodedLen(sha1.Size) {
		return nil, false
	}
	for _, c := range []byte(signature) {
		if 'A' <= c && c <= 'F' { // hex.DecodeString takes both cases
			return nil, false
		}
	}
	claimed, err := hex.DecodeString(signature)
	return claimed, err == nil
}
