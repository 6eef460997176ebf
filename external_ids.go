package motive

import (
	"context"
	"fmt"
	"net/http"
)

// ExternalIDsService links users to their ids in other systems.
//
// Motive's hub: the pages on /v1/external_ids.
type ExternalIDsService struct{ core *core }

const externalIDsPath = "/v1/external_ids"

// ExternalIDHolderType says what kind of thing has an external id.
type ExternalIDHolderType string

// The kinds of holders.
const (
	ExternalIDHolderTypeUser    ExternalIDHolderType = "User"
	ExternalIDHolderTypeVehicle ExternalIDHolderType = "Vehicle"
	ExternalIDHolderTypeAsset   ExternalIDHolderType = "Asset"
	ExternalIDHolderTypeGroup   ExternalIDHolderType = "Group"
)

// ExternalIDRequest is the body of [ExternalIDsService.Create], which requires
// all of it, and of [ExternalIDsService.Update], which changes what is set.
type ExternalIDRequest struct {
	ExternalID           Optional[string]               `json:"external_id,omitzero"`
	IntegrationName      Optional[string]               `json:"integration_name,omitzero"`
	ExternalIDHolderID   Optional[int64]                `json:"external_id_holder_id,omitzero"`
	ExternalIDHolderType Optional[ExternalIDHolderType] `json:"external_id_holder_type,omitzero"`
}

// do makes a call for one external id, which must be the record with id where that
// is not zero.
func (s *ExternalIDsService) do(ctx context.Context, r request, o CallSettings, id int64) (*ExternalID, error) {
	if s == nil {
		return nil, errNoClient
	}
	return do(ctx, s.core, r, o, func(body []byte) (*ExternalID, error) {
		record, err := decodeExternalID(body)
		if err == nil && id != 0 && record.ID != id {
			return nil, fmt.Errorf("the response shows the external id record %d rather than %d", record.ID, id)
		}
		return record, err
	})
}

// Create adds an external id to a user, or to a vehicle, an asset or a group.
// Like every POST it is sent once. Where its outcome is unknown, do it again: if the
// first one got through, the second is refused, since the pair is unique.
//
// Motive's hub: POST /v1/external_ids.
func (s *ExternalIDsService) Create(ctx context.Context, req *ExternalIDRequest, opts ...CallOption) (*ExternalID, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateExternalIDCreate(req)); err != nil {
		return nil, err
	}
	r, err := request{method: http.MethodPost, path: externalIDsPath}.with(req)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, r, o, 0)
}

// Update changes the record with the given id, the ID of an [ExternalID].
//
// Motive's hub: "Update the External ID of an Entity", PUT /v1/external_ids/{id}.
func (s *ExternalIDsService) Update(ctx context.Context, id int64, req *ExternalIDRequest, opts ...CallOption) (*ExternalID, error) {
	o := ApplyCallOptions(opts...)
	if err := validateID("id", id); err != nil {
		return nil, err
	}
	if err := o.check(validateExternalIDUpdate(req)); err != nil {
		return nil, err
	}
	r, err := record(http.MethodPut, externalIDsPath, id).with(req)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, r, o, id)
}

// Delete removes the record with the given id, the ID of an [ExternalID]. It may
// be sent more than once; if the first one broke off and the next finds nothing,
// the record is gone and that is a success.
//
// Motive's hub: DELETE /v1/external_ids/{id}.
func (s *ExternalIDsService) Delete(ctx context.Context, id int64, opts ...CallOption) error {
	if s == nil {
		return errNoClient
	}
	if err := validateID("id", id); err != nil {
		return err
	}
	r := record(http.MethodDelete, externalIDsPath, id)
	_, err := do(ctx, s.core, r, ApplyCallOptions(opts...), decodeDeletion)
	return err
}
