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

// settleCreate finds out what became of a create whose outcome is open, and
// sends it once more if nothing did. The uniqueness of the pair makes that safe:
// should the first one arrive late, one of the two is refused.
func (s *UsersService) settleCreate(ctx context.Context, pair externalPair, o callOptions, cause *OutcomeUnknownError, create func(callOptions) (*User, error)) (*User, error) {
	s.core.watch.happened(&trip{method: cause.Method, template: usersPath, sent: cause.Attempts}, EventReconcile, nil, cause, 0)
	var last Response // the answer that decides the call, with the sends of the create
	sent := cause.Attempts
	defer func() {
		if o.response != nil {
			*o.response = last
			o.response.Attempts = sent
		}
	}()
	step := o
	step.response = &last

	user, err := s.lookupPair(ctx, pair, step)
	if err == nil {
		return user, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, stillOpen(ctx, cause, sent, err)
	}
	user, again := create(step)
	sent += last.Attempts
	if again == nil {
		return user, nil
	}
	user, err = s.lookupPair(ctx, pair, step)
	var refused *APIError
	switch {
	case err == nil:
		return user, nil
	case errors.Is(err, ErrNotFound) && isRefusal(again) && errors.As(again, &refused):
		refused.Attempts = sent
		return nil, refused
	}
	return nil, stillOpen(ctx, again, sent, err)
}

// isRefusal reports whether the server looked at a request and turned it down
// for what is in it. It would have turned down the first one as well.
func isRefusal(err error) bool {
	return !errors.Is(err, ErrOutcomeUnknown) &&
		(errors.Is(err, ErrBadRequest) || errors.Is(err, ErrConflict) || errors.Is(err, ErrUnprocessable))
}

// stillOpen is the error of a create that a lookup could not settle: how it was
// last sent in vain, and how often. Of the lookup it wraps only that the context
// ended: a lookup that finds nothing does not make it an [ErrNotFound].
func stillOpen(ctx context.Context, cause error, sent int, lookup error) error {
	var unknown *OutcomeUnknownError
	if errors.As(cause, &unknown) {
		cause = unknown.Err
	}
	said := &cleanError{strings.TrimPrefix(lookup.Error(), "motive: "), ctx.Err()}
	return &OutcomeUnknownError{
		Method: http.MethodPost, Path: string(usersPath), Attempts: sent,
		Err: fmt.Errorf("%w; the lookup that should settle it: %w", cause, said),
	}
}
