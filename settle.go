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
		return nil, stillOpen(ctx, err, cause)
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
	return nil, stillOpen(ctx, err, cause, again)
}

// isRefusal reports whether the server looked at a request and turned it down
// for what is in it. It would have turned down the first one as well.
func isRefusal(err error) bool {
	return !errors.Is(err, ErrOutcomeUnknown) &&
		(errors.Is(err, ErrBadRequest) || errors.Is(err, ErrConflict) || errors.Is(err, ErrUnprocessable))
}

// stillOpen is the error of a create that a lookup could not settle: how its
// last send failed, and how many there were. Of the lookup it wraps only that the
// context ended: a lookup that finds nothing does not make it an [ErrNotFound].
func stillOpen(ctx context.Context, lookup error, sends ...error) error {
	open := &OutcomeUnknownError{Method: http.MethodPost, Path: string(usersPath)}
	for _, err := range sends {
		var unknown *OutcomeUnknownError
		var api *APIError
		open.Err = err
		if errors.As(err, &unknown) {
			open.Attempts, open.Err = open.Attempts+unknown.Attempts, unknown.Err
		} else if errors.As(err, &api) {
			open.Attempts += api.Attempts
		}
	}
	said := &cleanError{strings.TrimPrefix(lookup.Error(), "motive: "), ctx.Err()}
	open.Err = fmt.Errorf("%w; the lookup that should settle it: %w", open.Err, said)
	return open
}
