package text

import "testing"

func TestFoldMakesSpellingsEqual(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"not_required":      "not_required",
		"Not required":      "not_required",
		" NOT - REQUIRED\t": "not_required",
		"_2020":             "2020",
		"":                  "",
	} {
		if got := Fold(s); got != want {
			t.Errorf("Fold(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCanonicalFindsOtherSpellings(t *testing.T) {
	t.Parallel()
	valid := []string{"fleet_user", "fleet_admin", "Other"}
	for s, want := range map[string]string{
		"Fleet User": "fleet_user", "fleet-admin": "fleet_admin", "OTHER": "Other", "fleet": "", "": "", "othr": "",
	} {
		if got, ok := Canonical(s, valid); got != want || ok != (want != "") {
			t.Errorf("Canonical(%q) = %q, %t, want %q", s, got, ok, want)
		}
	}
}

func TestDistanceCountsEdits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "logs", 4},
		{"logs", "", 4},
		{"logs", "logs", 0},
		{"lgs", "logs", 1},
		{"logss", "logs", 1},
		{"lags", "logs", 1},
		{"olgs", "logs", 2},
		{"kitten", "sitting", 3},
		{"exempt", "none", 6},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
