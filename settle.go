package motive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// externalPair is unique across a fleet, which makes a create repeatable.
type externalPair struct{ id, integration string }

// externalIDOf is the first external id that a create would add.
func externalIDOf(req *CreateUserRequest) (externalPair, bool) {
	if req == nil {
		return externalPair{}, false
	}
	ids, _ := req.ExternalIDsAttributes.Get()
	for _, id := range ids {
		if id.ID == 0 && id.ExternalID != "" && id.IntegrationName != "" {
			return externalPair{id.ExternalID, id.IntegrationName}, true
		}
	}
	return externalPair{}, false
}

// isOpen reports whether a call's outcome is unknown and there is time to ask.
func isOpen(ctx context.Context, err error) bool {
	return errors.Is(err, ErrOutcomeUnknown) && ctx.Err() == nil
}

// settleCreate finds out what became of a create whose outcome is open, and
// sends it once more if nothing did. The uniqueness of the pair makes that safe:
// should the first one arrive late, one of the two is refused.
func (s *UsersService) settleCreate(ctx context.Context, pair externalPair, cause error, create func() (*User, error)) (*User, error) {
	s.core.watch.happened(&trip{method: http.MethodPost, template: usersPath}, EventSettle, nil, cause, 0)
	user, err := s.LookupByExternalID(ctx, pair.id, pair.integration)
	if err == nil {
		return user, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, stillOpen(cause, err)
	}
	user, again := create()
	if again == nil {
		return user, nil
	}
	user, err = s.LookupByExternalID(ctx, pair.id, pair.integration)
	switch {
	case err == nil:
		return user, nil
	case errors.Is(err, ErrNotFound) && isRefusal(again):
		return nil, again
	}
	return nil, stillOpen(again, err)
}

// isRefusal reports whether the server looked at a request and turned it down
// for what is in it. It would have turned down the first one as well.
func isRefusal(err error) bool {
	return !errors.Is(err, ErrOutcomeUnknown) &&
		(errors.Is(err, ErrBadRequest) || errors.Is(err, ErrConflict) || errors.Is(err, ErrUnprocessable))
}

// stillOpen is the error of a create that a lookup could not settle.
func stillOpen(cause, lookup error) error {
	open := &OutcomeUnknownError{Method: http.MethodPost, Path: string(usersPath), Err: cause}
	var was *OutcomeUnknownError
	if errors.As(cause, &was) {
		open.Attempts, open.Err = was.Attempts, was.Err
	}
	open.Err = fmt.Errorf("%w; the lookup that should settle it: %s", open.Err, strings.TrimPrefix(lookup.Error(), "motive: "))
	return open
}
