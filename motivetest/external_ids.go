package motivetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

const holderUser = "User"

var holderTypes = []string{holderUser, "Vehicle", "Asset", "Group"}

// externalIDNames is what a request says of an external id. Nil is absent or null.
type externalIDNames struct {
	ExternalID      *string `json:"external_id"`
	IntegrationName *string `json:"integration_name"`
}

// over returns e with what the request says.
func (n externalIDNames) over(e externalID) externalID {
	set(&e.ExternalID, n.ExternalID)
	set(&e.IntegrationName, n.IntegrationName)
	return e
}

// externalIDItem is one item of a user's external_ids_attributes.
type externalIDItem struct {
	ID int64 `json:"id"`
	externalIDNames
}

func (i externalIDItem) pair() pair { return i.over(externalID{holderType: holderUser}).pair() }

// externalIDBody is the body of a create or an update of an external id.
type externalIDBody struct {
	externalIDNames
	HolderID   *int64  `json:"external_id_holder_id"`
	HolderType *string `json:"external_id_holder_type"`
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (f *Fake) createExternalID(x *exchange) *response {
	return f.saveRecord(x, http.StatusCreated, &externalID{})
}

func (f *Fake) updateExternalID(x *exchange) *response {
	return f.saveRecord(x, http.StatusOK, f.findExternalID(x))
}

func (f *Fake) deleteExternalID(x *exchange) *response {
	e := f.findExternalID(x)
	if e == nil {
		return refuse(http.StatusNotFound, "external id not found")
	}
	if refused := new(judgment).refusal(x); refused != nil {
		return refused
	}
	f.detach(e)
	f.store.dropExtID(e)
	f.store.release(e.pair())
	x.commit()
	return reply(http.StatusOK, map[string]bool{"success": true})
}

func (f *Fake) findExternalID(x *exchange) *externalID { return f.store.extIDs[x.id()] }

// saveRecord changes e by the body, in the store if all is well with both. The store is locked.
func (f *Fake) saveRecord(x *exchange, status int, e *externalID) *response {
	if _, err := decodeObject(x.entry.body); err != nil {
		return refuse(http.StatusBadRequest, "the body must be a JSON object")
	}
	var body externalIDBody
	if json.Unmarshal(x.entry.body, &body) != nil {
		return unprocessable(problem{"", "external_id, integration_name and external_id_holder_type must be strings, " +
			"external_id_holder_id an integer"})
	}
	if e == nil {
		return refuse(http.StatusNotFound, "external id not found")
	}
	next := body.over(*e)
	next.ExternalID = f.fold(next.ExternalID)
	set(&next.holderID, body.HolderID)
	set(&next.holderType, body.HolderType)
	if refused := f.judgeRecord(&next).refusal(x); refused != nil {
		return refused
	}
	f.pause()
	next.born = f.now()
	f.detach(e)
	f.store.changeExtID(e, next)
	f.attach(e)
	x.commit()
	return reply(status, struct {
		*externalID
		HolderID   int64  `json:"external_id_holder_id"`
		HolderType string `json:"external_id_holder_type"`
	}{e, e.holderID, e.holderType})
}

func (f *Fake) judgeRecord(next *externalID) *judgment {
	j := new(judgment)
	if blank(&next.ExternalID) {
		j.add("external_id", "can't be blank")
	}
	if blank(&next.IntegrationName) {
		j.add("integration_name", "can't be blank")
	}
	if !slices.Contains(holderTypes, next.holderType) {
		j.add("external_id_holder_type", "is %q, which is not one of %s",
			next.holderType, strings.Join(holderTypes, ", "))
	}
	if next.holderID <= 0 {
		j.add("external_id_holder_id", "can't be blank")
	}
	switch {
	case j.problems != nil:
	case next.holderType == holderUser && f.store.byID[next.holderID] == nil:
		j.add("external_id_holder_id", "is not a user")
	case !f.lax && slices.ContainsFunc(f.store.pairs[next.pair()], func(id int64) bool { return id != next.ID }):
		j.add("external_id", "has already been taken for this integration_name")
	}
	return j
}

// attach and detach keep the list that a user shows. Vehicles, assets and groups are ids and no more.
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
