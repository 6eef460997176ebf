package motivetest

import (
	"net/http"
	"strings"
	"time"
)

// lookupUser wants exactly one key. A key that is given twice counts as two.
func (f *Fake) lookupUser(x *exchange) *answer {
	given, field := 0, ""
	for _, name := range lookupFields {
		if n := len(x.query[name]); n > 0 {
			given += n
			field = name
		}
	}
	if given != 1 || x.query.Get(field) == "" {
		return refuse(http.StatusBadRequest, "exactly one of %s must be given", strings.Join(lookupFields, ", "))
	}
	u := f.store.lookup(field, x.query.Get(field))
	if u == nil || !f.seen(u.born) {
		return refuse(http.StatusNotFound, "user not found")
	}
	return userAnswer(http.StatusOK, u)
}

func (f *Fake) lookupUserByExternalID(x *exchange) *answer {
	p := pair{holderUser, f.fold(x.query.Get("external_id")), x.query.Get("integration_name")}
	if p.externalID == "" || p.integrationName == "" {
		return refuse(http.StatusBadRequest, "external_id and integration_name must be given")
	}
	e := f.store.extIDs[f.store.pairs.first(p)]
	if e == nil || !f.seen(e.born) {
		return refuse(http.StatusNotFound, "user not found")
	}
	return userAnswer(http.StatusOK, f.store.byID[e.holderID])
}

// seen reports whether lookups see what was committed at born.
func (f *Fake) seen(born time.Time) bool { return f.lag <= 0 || f.now().Sub(born) >= f.lag }
