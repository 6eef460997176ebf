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
// # The calls
//
//   - Users: [UsersService.Create], [UsersService.Get], [UsersService.Update],
//     [UsersService.Deactivate], [UsersService.Reactivate]; one page
//     [UsersService.List], everybody [UsersService.All]
//   - by another key: [UsersService.Lookup] (email, username, company id, phone),
//     [UsersService.LookupByExternalID], [UsersService.UpdateByExternalID],
//     [UsersService.DeactivateByExternalID]
//   - External ids: [ExternalIDsService.Create], [ExternalIDsService.Update],
//     [ExternalIDsService.Delete]
//   - Roles: [UserRolesService.List]
//   - any other endpoint, with the same guarantees: [Client.Do]
//
// All take options for the single call: [WithResponse], [Against],
// [SkipValidation], [StrictValidation], [ReadAhead], [WithQuery].
//
// # What it is called here
//
// Names that people look for first:
//
//   - WithHTTPClient: [WithTransport], and [WithAttemptTimeout] for its timeout
//   - WithToken, WithBearer: [WithAccessToken]; a login that refreshes: [WithOAuth2]
//   - WithDebug, middleware, hooks: [WithLogger], [WithObserver], [WithTransport]
//   - WithTimeout: a context for the call, [WithAttemptTimeout] for each attempt
//   - WithMaxRetries, backoff: [WithRetry]
//   - GetByEmail, FindByUsername: [UsersService.Lookup]
//   - GetByExternalID: [UsersService.LookupByExternalID]
//   - Delete: [UsersService.Deactivate]; Motive deletes no user
//   - Activate: [UsersService.Reactivate]
//   - Upsert: [UserAttributes.Diff], then Create or Update
//   - ListAll, pagination, iterator: [UsersService.All]
//   - IsNotFound(err): errors.Is(err, [ErrNotFound])
//   - StatusCode of an error: errors.As with an [*APIError]
//   - String, Int, Ptr: [Set], [SetNonZero], [Null]
//   - Ping, WhoAmI: [Client.Do], example "Company"
//   - NewRequest, raw requests: [Client.Do]; fields this version does not know:
//     [UserAttributes].Extra, [User].Extra
//
// # Requests
//
// Every field of a request is an [Optional]: absent, null, or a value, where
// false, 0 and "" are values. Absent leaves a field alone, null clears it.
//
// Creates and updates are validated before a byte is sent. A [ValidationError]
// lists every problem at once: time tracking modes that do not go with the ELD
// mode ([ModePairs]), exceptions that the hours-of-service cycle does not allow
// ([Cycles]), values that nobody documented, and what is missing.
//
// # Guarantees
//
// Never twice. GET, PUT and DELETE are idempotent and sent again after transient
// failures, up to 4 times in all, with backoff and full jitter, and within a retry
// budget. A POST is sent again only on 429, or where it provably never left. A
// create that carries an external id is reconciled where its outcome is unknown, by
// looking the pair up; what stays open is an [OutcomeUnknownError].
//
// Never a lie. Each response outside 2xx is an [APIError], whatever its body. A
// 2xx that does not show what was asked for is one too ([ErrUnexpectedResponse]),
// and a list that ends before its total is [ErrIncompleteList].
//
// Never late. The end of a context ends every wait at once. Each attempt has 60 s.
// A Retry-After is waited for in full up to 60 s, by the whole client; above that,
// or past the deadline, the 429 comes back at once.
//
// Never leaked. Credentials go to the base URL's host only, and redirects are not
// followed. Tokens, keys, passwords and license numbers are redacted in every error
// and log line, and in every value of this package that is printed with fmt, but for
// one in an unexported field of another struct, where fmt asks nobody.
//
// All of this can be tuned; see [RetryPolicy] and the options of [NewClient].
//
// # OAuth
//
// Package [github.com/motive-go/motive/oauth] does the login and keeps it:
// [oauth.NewLogin] for the browser, [oauth.Source] for tokens, and [oauth.Store] for
// where they are kept. Package [github.com/motive-go/motive/oauth/tokenfile] is a
// store in a file that several processes share. Refresh tokens are treated as good for
// one use: one process refreshes for all, and each rotation is saved before it is used.
//
// # Observing
//
// [WithObserver] is told of each attempt, retry, wait and failure ([Event]), with a
// path template, so that metrics have few series; [WithLogger] logs each attempt.
// Spans of a trace come from a round tripper in [WithTransport], which sees the
// context of the call.
//
// # Webhooks
//
// Package [github.com/motive-go/motive/webhook] verifies what Motive delivers and
// hands events to a callback.
//
// # Testing
//
// Package [github.com/motive-go/motive/motivetest] has a fake Motive that keeps
// users in memory, with faults that can be injected. A mock of a service interface
// reads its options with [ApplyCallOptions].
//
// # Sources, and what is unverified
//
// "Motive's hub" in these pages is the documentation at developer.gomotive.com; what
// follows it is the title of a page there, or its endpoint. Nobody has run this
// package against Motive itself: it is written from that documentation and from what
// others report of the live API.
package motive
