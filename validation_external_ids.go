package motive

var holderTypes = []ExternalIDHolderType{
	ExternalIDHolderTypeUser, ExternalIDHolderTypeVehicle, ExternalIDHolderTypeAsset, ExternalIDHolderTypeGroup,
}

// validateExternalIDCreate checks that all four fields are there.
func validateExternalIDCreate(r *ExternalIDRequest) error { return validateExternalID(r, true) }

// validateExternalIDUpdate checks the fields that are there.
func validateExternalIDUpdate(r *ExternalIDRequest) error {
	if r != nil && *r == (ExternalIDRequest{}) {
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	return validateExternalID(r, false)
}

func validateExternalID(r *ExternalIDRequest, create bool) error {
	if r == nil {
		return invalid("", CodeRequired, "the request is nil; pass a *ExternalIDRequest")
	}
	c := check{create: create}
	c.half("external_id", r.ExternalID)
	c.half("integration_name", r.IntegrationName)
	if c.present("external_id_holder_id", r.ExternalIDHolderID.IsZero(), r.ExternalIDHolderID.value == 0) {
		c.positive("external_id_holder_id", r.ExternalIDHolderID.value)
	}
	if c.present("external_id_holder_type", r.ExternalIDHolderType.IsZero(), r.ExternalIDHolderType.value == "") {
		value(&c, "external_id_holder_type", r.ExternalIDHolderType, holderTypes)
	}
	return c.err()
}

func (c *check) half(field string, o Optional[string]) {
	if o.IsZero() && !c.create {
		return
	}
	if code, message := half(o.value); code != "" {
		c.add(field, code, message)
	}
}
