package motivetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const holderUser = "User"

var holderTypes = []string{holderUser, "Vehicle", "Asset", "Group"}

// externalIDBody is the body of a create or an update. Nil is absent or null.
type externalIDBody struct {
	ExternalID      *string `json:"external_id"`
	IntegrationName *string `json:"integration_name"`
	HolderID        *int64  `json:"external_id_holder_id"`
	HolderType      *string `json:"external_id_holder_type"`
}

func (f *Fake) createExternalID(x *exchange) answer {
	body, refused, ok := x.externalIDBody()
	if !ok {
		return refused
	}
	return f.saveRecord(x, http.StatusCreated, &externalID{}, body)
}

func (f *Fake) updateExternalID(x *exchange) answer {
	body, refused, ok := x.externalIDBody()
	if !ok {
		return refused
	}
	e := f.findExternalID(x)
	if e == nil {
		return refuse(http.StatusNotFound, "external id not found")
	}
	return f.saveRecord(x, http.StatusOK, e, body)
}

func (f *Fake) deleteExternalID(x *exchange) answer {
	e := f.findExternalID(x)
	if e == nil {
		return refuse(http.StatusNotFound, "external id not found")
	}
	if x.testMode {
		return testModeAnswer()
	}
	f.detach(e)
	f.store.dropExtID(e)
	f.store.release(e.pair())
	x.commit()
	return answer{status: http.StatusOK, body: encode(map[string]bool{"success": true})}
}

func (x *exchange) externalIDBody() (body externalIDBody, refused answer, ok bool) {
	if _, err := decodeObject(x.body); err != nil {
		return body, refuse(http.StatusBadRequest, "the body must be a JSON object"), false
	}
	if json.Unmarshal(x.body, &body) != nil {
		return body, unprocessable(problem{"", "external_id, integration_name and external_id_holder_type must be strings, external_id_holder_id an integer"}), false
	}
	return body, answer{}, true
}

func (f *Fake) findExternalID(x *exchange) *externalID {
	id, ok := x.id()
	if !ok {
		return nil
	}
	return f.store.extIDs[id]
}

// saveRecord changes e by the body, in the store if all is well with it. The store is locked.
func (f *Fake) saveRecord(x *exchange, status int, e *externalID, body externalIDBody) answer {
	next := *e
	set(&next.ExternalID, body.ExternalID)
	next.ExternalID = f.fold(next.ExternalID)
	set(&next.IntegrationName, body.IntegrationName)
	set(&next.holderID, body.HolderID)
	set(&next.holderType, body.HolderType)
	if problems := f.recordProblems(e, &next); problems != nil {
		return unprocessable(problems...)
	}
	if x.testMode {
		return testModeAnswer()
	}
	f.pause()
	next.born = f.now()
	if e.ID != 0 {
		f.detach(e)
		f.store.dropExtID(e)
	}
	p := e.pair()
	next.seeded = e.seeded && next.pair() == p
	*e = next
	f.store.addExtID(e)
	f.store.release(p)
	f.attach(e)
	x.commit()
	return answer{status: status, body: recordAnswer(e)}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (f *Fake) recordProblems(e, next *externalID) []problem {
	var problems []problem
	if next.ExternalID == "" {
		problems = append(problems, problem{"external_id", "can't be blank"})
	}
	if next.IntegrationName == "" {
		problems = append(problems, problem{"integration_name", "can't be blank"})
	}
	if !slices.Contains(holderTypes, next.holderType) {
		problems = append(problems, problem{"external_id_holder_type",
			fmt.Sprintf("is %q, which is not one of %s", next.holderType, strings.Join(holderTypes, ", "))})
	}
	if next.holderID <= 0 {
		problems = append(problems, problem{"external_id_holder_id", "can't be blank"})
	}
	if problems != nil {
		return problems
	}
	if next.holderType == holderUser && f.store.byID[next.holderID] == nil {
		return []problem{{"external_id_holder_id", "is not a user"}}
	}
	others := slices.DeleteFunc(slices.Clone(f.store.pairs[next.pair()]), func(id int64) bool { return id == e.ID })
	if len(others) > 0 && !f.lax {
		return []problem{{"external_id", "has already been taken for this integration_name"}}
	}
	return nil
}

// attach and detach keep the list that a user shows. Only users are kept here: vehicles, assets
// and groups are ids and no more.
func (f *Fake) attach(e *externalID) {
	if u := f.holder(e); u != nil {
		u.extIDs = append(u.extIDs, e)
		f.store.touch(u, f.now())
	}
}

func (f *Fake) detach(e *externalID) {
	if u := f.holder(e); u != nil {
		u.extIDs = slices.DeleteFunc(u.extIDs, func(own *externalID) bool { return own == e })
		f.store.touch(u, f.now())
	}
}

func (f *Fake) holder(e *externalID) *user {
	if e.holderType != holderUser {
		return nil
	}
	return f.store.byID[e.holderID]
}

func recordAnswer(e *externalID) []byte {
	return encode(struct {
		*externalID
		HolderID   int64  `json:"external_id_holder_id"`
		HolderType string `json:"external_id_holder_type"`
	}{e, e.holderID, e.holderType})
}
