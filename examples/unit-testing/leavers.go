package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/motive-go/motive"
)

// deactivateLeavers deactivates the users who have the given external ids, and
// says what it did with each. Who has left already is left alone. It stops at the
// first failure; run again, it goes on from there.
func deactivateLeavers(ctx context.Context, client *motive.Client, integration string, ids []string) ([]string, error) {
	var report []string
	for _, id := range ids {
		user, err := client.Users.LookupByExternalID(ctx, id, integration)
		switch {
		case errors.Is(err, motive.ErrNotFound):
			report = append(report, id+": nobody has this id")
			continue
		case err != nil:
			return report, fmt.Errorf("looking for %s: %w", id, err)
		case user.Status == motive.StatusDeactivated:
			report = append(report, fmt.Sprintf("%s: %s %s has left already", id, user.FirstName, user.LastName))
			continue
		}
		if _, err := client.Users.Deactivate(ctx, user.ID); err != nil {
			return report, fmt.Errorf("deactivating %s: %w", id, err)
		}
		report = append(report, fmt.Sprintf("%s: %s %s deactivated", id, user.FirstName, user.LastName))
	}
	return report, nil
}
