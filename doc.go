// Package motive is a client for the users API of Motive, formerly KeepTruckin:
// it creates, changes, finds and lists the drivers, fleet users and
// administrators of a truck fleet, with their external ids and roles.
//
//	client, err := motive.NewClientFromEnv() // MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY
//	if err != nil {
//		log.Fatal(err)
//	}
//	driver, err := client.Users.Create(ctx, &motive.CreateUserRequest{
//		FirstName: motive.Set("Ada"),
//		LastName:  motive.Set("Moss"),
//		Role:      motive.Set(motive.RoleDriver),
//		Username:  motive.Set("ada.moss"),
//	})
//
// # Requests
//
// Every field of a request is an [Optional]: absent, null, or a value, where
// false, 0 and "" are values. Absent leaves a field alone, null clears it.
//
// Creates and updates are validated before a byte is sent. A [ValidationError]
// lists every problem at once: time tracking modes that do not go with the ELD
// mode, exceptions that the hours-of-service cycle does not allow ([Cycles]),
// values that nobody documented, and what is missing. [SkipValidation] sends
// anyway.
//
// # Guarantees
//
// Never twice. GET, PUT and DELETE are sent again after transient failures, up
// to 4 times in all, and while the service is failing at most once for each five
// calls. A POST is sent again only on 429, or where it provably
// never left. A create that carries an external id is settled where its outcome
// is open, by looking the pair up; what stays open is an [OutcomeUnknownError].
//
// Never a lie. Each answer outside 2xx is an [APIError], whatever its body. A
// 2xx that is not what the call promises is one too, and a list that ends before
// its total is [ErrIncompleteList].
//
// Never late. The end of a context ends every wait at once. Each try has 60 s.
// A Retry-After is waited for in full up to 60 s, by the whole client; above
// that, or past the deadline, the 429 comes back at once.
//
// Never leaked. Credentials go to the base URL's host only, and redirects are
// not followed. Tokens, keys, passwords and licence numbers stand in no error
// and no log line, and in no value of this package that is printed with fmt, but
// for one in an unexported field of another struct, where fmt asks nobody.
//
// All of this can be tuned; see [RetryPolicy] and the options of [NewClient].
//
// # Testing
//
// Package motivetest has a fake Motive that keeps users in memory, with faults
// that can be injected, and fixtures that can be recorded and replayed.
//
// # What is unverified
//
// Nobody has run this package against Motive itself. It is written from Motive's
// public documentation and from what others report of the live API.
package motive
