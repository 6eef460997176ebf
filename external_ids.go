package motive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ExternalIDRequest is the body of [ExternalIDsService.Create], which requires
// all of it, and of [ExternalIDsService.Update], which changes what is set.
type ExternalIDRequest struct {
	ExternalID           Optional[string]               `json:"external_id,omitzero"`
	IntegrationName      Optional[string]               `json:"integration_name,omitzero"`
	ExternalIDHolderID   Optional[int64]                `json:"external_id_holder_id,omitzero"`
	ExternalIDHolderType Optional[ExternalIDHolderType] `json:"external_id_holder_type,omitzero"`
}

const externalIDsPath, externalIDRecordPath = "/v1/external_ids", "/v1/external_ids/{id}"

// do sends req, whose response must show what it sets, of the record with id where that
// is not zero.
func (s *ExternalIDsService) do(ctx context.Context, r request, o CallSettings, id int64, req *ExternalIDRequest) (*ExternalID, error) {
	return do(ctx, (*core)(s), r, o, func(body []byte) (*ExternalID, error) {
		record, err := decodeExternalID(body)
		switch {
		case err != nil:
			return nil, err
		case id != 0 && record.ID != id:
			return nil, fmt.Errorf("the response shows the external id record %d rather than %d", record.ID, id)
		case differ(req.ExternalID.value, record.ExternalID), differ(req.IntegrationName.value, record.IntegrationName):
			return nil, errors.New("the response shows another external id than the one that was sent")
		}
		return record, nil
	})
}

// Create adds an external id to a user, or to a vehicle, an asset or a group.
// Like every POST it is sent once. Where its outcome is unknown, do it again: if the
// first one got through, the second is refused, since the pair is unique.
//
// Motive's hub: POST /v1/external_ids.
func (s *ExternalIDsService) Create(ctx context.Context, req *ExternalIDRequest, opts ...CallOption) (*ExternalID, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateExternalID(req, true)); err != nil {
		return nil, err
	}
	r, err := request{Method: http.MethodPost, Path: externalIDsPath}.with(req)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, r, o, 0, req)
}

// validateExternalID checks what is there, and that all of it is in a create.
func validateExternalID(r *ExternalIDRequest, create bool) error {
	switch {
	case r == nil:
		return invalid("", CodeRequired, "the request is nil; pass a *ExternalIDRequest")
	case !create && *r == (ExternalIDRequest{}):
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	var p problems
	d := draft{create: create}
	judge := func(name string, o optional) { p.judge(d, newField(name, o)) }
	judge("external_id", &r.ExternalID)
	judge("integration_name", &r.IntegrationName)
	if id := r.ExternalIDHolderID.value; id != 0 {
		p.id("external_id_holder_id", id)
	} else {
		judge("external_id_holder_id", &r.ExternalIDHolderID)
	}
	judge("external_id_holder_type", &r.ExternalIDHolderType)
	return p.err()
}

// Update changes the record with the given id, the ID of an [ExternalID].
//
// Motive's hub: "Update the External ID of an Entity", PUT /v1/external_ids/{id}.
func (s *ExternalIDsService) Update(ctx context.Context, id int64, req *ExternalIDRequest, opts ...CallOption) (*ExternalID, error) {
	o := ApplyCallOptions(opts...)
	r, err := record(http.MethodPut, externalIDRecordPath, id)
	if err != nil {
		return nil, err
	}
	if err := o.check(validateExternalID(req, false)); err != nil {
		return nil, err
	}
	if r, err = r.with(req); err != nil {
		return nil, err
	}
	return s.do(ctx, r, o, id, req)
}

// Delete removes the record with the given id, the ID of an [ExternalID]. It may
// be sent more than once; if the first one broke off and the next finds nothing,
// the record is gone and that is a success.
//
// Motive's hub: DELETE /v1/external_ids/{id}.
func (s *ExternalIDsService) Delete(ctx context.Context, id int64, opts ...CallOption) error {
	r, err := record(http.MethodDelete, externalIDRecordPath, id)
	if err != nil {
		return err
	}
	_, err = do(ctx, (*core)(s), r, ApplyCallOptions(opts...), decodeDeletion)
	return err
}
