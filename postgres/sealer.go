package postgres

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Sealer encrypts what a [TokenStore] keeps. [NewSealer] returns one that needs
// nothing but a key; one that asks a key service is a type of your own.
type Sealer interface {
	// Seal encrypts plain, and binds it to the name of its login, so that the
	// row of one login cannot be put in the place of another.
	Seal(name string, plain []byte) ([]byte, error)
	// Open returns what Seal was given. It fails for another name, for a key it
	// does not have, and where a bit was changed.
	Open(name string, sealed []byte) ([]byte, error)
}

// A sealed record is one byte for the format, the id of the key, the nonce, and
// what AES-GCM makes of the plain text. A plain record begins with "{".
const (
	sealedFormat = 1
	keyIDLen     = 4
	headLen      = 1 + keyIDLen
)

// InPlainText returns a Sealer that does not encrypt: whoever can read the
// table, its backups or its replicas can act for the fleets in it. It is for a
// database that encrypts by other means, and for tests.
func InPlainText() Sealer { return plainText{} }

type plainText struct{}

func (plainText) Seal(_ string, plain []byte) ([]byte, error) { return plain, nil }

func (plainText) Open(_ string, record []byte) ([]byte, error) {
	if len(record) > 0 && record[0] == sealedFormat {
		return nil, errors.New("the record is sealed, and this store has no key: give it the NewSealer it was saved with")
	}
	return record, nil
}

// NewSealer returns a [Sealer] by AES-GCM: AES-256 with keys of 32 bytes, which
// is what to use, AES-128 with 16. Records are sealed with key, and opened with
// key or one of older. A key comes from crypto/rand or a key service, never from
// a passphrase as it is.
//
// To rotate, put the new key first in three steps, each of which every process
// has to have made before the next: older, key; then key, older; then, after
// [Reseal], key alone.
func NewSealer(key []byte, older ...[]byte) (Sealer, error) {
	s := &aesSealer{}
	for i, k := range append([][]byte{key}, older...) {
		opener, err := newKey(k)
		if err != nil {
			return nil, fmt.Errorf("postgres: sealing key %d of %d: %w", i+1, 1+len(older), err)
		}
		s.keys = append(s.keys, opener)
	}
	return s, nil
}

// aesSealer seals with the first of its keys.
type aesSealer struct{ keys []sealingKey }

type sealingKey struct {
	id  [keyIDLen]byte
	gcm cipher.AEAD
}

func newKey(key []byte) (sealingKey, error) {
	if len(key) != 16 && len(key) != 32 {
		return sealingKey{}, fmt.Errorf("it has %d bytes, want 32 (or 16)", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealingKey{}, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return sealingKey{}, err
	}
	sum := sha256.Sum256(append([]byte("motive sealing key\x00"), key...))
	return sealingKey{id: [keyIDLen]byte(sum[:keyIDLen]), gcm: gcm}, nil
}

func (s *aesSealer) Seal(name string, plain []byte) ([]byte, error) {
	k := s.keys[0]
	sealed := make([]byte, 0, headLen+k.gcm.NonceSize()+len(plain)+k.gcm.Overhead())
	sealed = append(sealed, sealedFormat)
	sealed = append(sealed, k.id[:]...)
	// Random nonces of 96 bits serve 2^32 records a key; a login is saved about
	// twice in two hours.
	nonce := make([]byte, k.gcm.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	sealed = append(sealed, nonce...)
	return k.gcm.Seal(sealed, nonce, plain, bound(sealed[:headLen], name)), nil
}

func (s *aesSealer) Open(name string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealedFormat {
		return nil, errors.New("the record is not sealed: save the login anew, or use a store with InPlainText to read it")
	}
	if len(sealed) < headLen {
		return nil, errDamaged
	}
	for _, k := range s.keys {
		if k.id != [keyIDLen]byte(sealed[1:headLen]) {
			continue
		}
		return k.open(name, sealed)
	}
	return nil, fmt.Errorf("the record is sealed with key %x, which this store does not have", sealed[1:headLen])
}

var errDamaged = errors.New("the record is damaged, or was sealed for another login")

func (k sealingKey) open(name string, sealed []byte) ([]byte, error) {
	body := headLen + k.gcm.NonceSize()
	if len(sealed) < body {
		return nil, errDamaged
	}
	plain, err := k.gcm.Open(nil, sealed[headLen:body], sealed[body:], bound(sealed[:headLen], name))
	if err != nil {
		return nil, errDamaged
	}
	return plain, nil
}

// bound is what a record is sealed together with.
func bound(head []byte, name string) []byte {
	return append(append([]byte{}, head...), name...)
}

// Format prints the ids of the keys, under any verb.
func (s *aesSealer) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "AES-GCM")
	for _, k := range s.keys {
		_, _ = fmt.Fprintf(f, " %x", k.id)
	}
}
