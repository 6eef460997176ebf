package postgres_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/motive-go/motive/postgres"
)

func TestNewSealerRefusesKeysOfOtherSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 15, 24, 31, 33} {
		key := bytes.Repeat([]byte("canary-k"), 5)[:size]
		s, err := postgres.NewSealer(testKey, key)
		if err == nil || s != nil || !strings.Contains(err.Error(), "key 2 of 2") || strings.Contains(err.Error(), "canary") {
			t.Errorf("a key of %d bytes: %v", size, err)
		}
	}
}

func TestSealedRecordOpensForItsLoginAndKeyOnly(t *testing.T) {
	t.Parallel()
	s := sealer(t)
	sealed, err := s.Seal("fleet", []byte("canary-plain"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := postgres.NewSealer([]byte("canary-other-key-of-32-bytes-xx!"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		sealer postgres.Sealer
		login  string
		sealed []byte
		opens  bool
	}{
		{"as it was sealed", s, "fleet", sealed, true},
		{"for another login", s, "fleet2", sealed, false},
		{"with another key", other, "fleet", sealed, false},
		{"without a key", postgres.InPlainText(), "fleet", sealed, false},
		{"cut off", s, "fleet", sealed[:len(sealed)-1], false},
		{"cut off in the nonce", s, "fleet", sealed[:10], false},
		{"cut off in the head", s, "fleet", sealed[:2], false},
		{"empty", s, "fleet", nil, false},
		{"in plain text", s, "fleet", []byte(`{"access_token":"canary"}`), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plain, err := test.sealer.Open(test.login, test.sealed)
			if opened := err == nil && string(plain) == "canary-plain"; opened != test.opens {
				t.Errorf("opened: %t (%v), want %t", opened, err, test.opens)
			}
		})
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := s.Open("fleet", changed); err == nil {
			t.Errorf("a record opens with byte %d changed", i)
		}
	}
	again, err := s.Seal("fleet", []byte("canary-plain"))
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("two records are sealed alike: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f)
	sealed, err := s.Seal("fleet", []byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{1})
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := s.Open("fleet", data); err == nil && string(plain) != "plain" {
			t.Errorf("what nobody has sealed opens to %d bytes", len(plain))
		}
	})
}
