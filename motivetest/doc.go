// Package motivetest is what programs that use package motive test with: a fake Motive that
// keeps a fleet in memory, and faults to inject into it. Package motivetest/fixture records and
// replays, and motivetest/cmd/motive-fake runs the fake for programs in other languages.
//
// # Which to choose
//
// The fake, [NewServer], is the first choice. It is a real HTTP server on a loopback port, follows
// the rules that Motive documents, and is judged by state: create a driver, then ask [Fake.Users]
// whether it is there. Tests read like the program and need no list of expected calls.
//
//	func TestHire(t *testing.T) {
//		srv := motivetest.NewServer(t)
//		if err := hire(t.Context(), srv.Client(), "Ada", "Reed"); err != nil {
//			t.Fatal(err)
//		}
//		if users := srv.Users(); len(users) != 1 || users[0].LastName != "Reed" {
//			t.Errorf("users: %v", users)
//		}
//	}
//
// Faults, [Fake.Inject], are for what a program does when things go wrong, on real sockets: the
// response that never comes, the connection that is reset after the user was created, the 429 with
// a Retry-After of a day. Whatever the client was told, the fake knows what happened:
// [Fake.Created], [Fake.AssertNoDuplicates] and [Fake.Faults] say so, and [Fake.Transcript]
// lists all that was asked and answered.
//
//	srv.Inject(motivetest.ResetAfter(), motivetest.OnMethod("POST"), motivetest.Times(1))
//
// A clock that is not the machine's, [WithClock], and [Fake.Transport], which needs no socket,
// let a test run under testing/synctest, where an hour passes at once.
//
// Fixtures, in package fixture, are for the exact bytes of an exchange: what a server really said,
// odd fields and all, and a test that fails when the program asks anything else. They break with
// every change of the program's calls; use them for the few exchanges whose bytes matter.
//
// # Servers that are not what they seem
//
// A client is lied to by servers that mean no harm. Each of these is one call:
//
//   - uniqueness that is looked up and not enforced: [WithLookThenInsert];
//     none at all: [WithoutUniqueness]
//   - lookups that see a commit late: [WithLaggingLookups]
//   - external ids without case and space: [WithFoldedExternalIDs]
//   - a holder who was there before: [Fake.Seed]
//   - a proxy that says 200 and OK, {}, a page or nothing after a commit:
//     [BodyAfter]; that redirects after it: [RedirectAfter]; that has a page for
//     a 404: [Status]
//   - a gateway that gives up while the server works on: [GatewayTimeout]
//   - somebody else's record: [ForeignRecord]
//   - limits: [TokenBucket], [RateLimit], [Storm], [TooManyRequests]
//   - 408, 499, 301, 303, a final 101: [Status], [StatusAfter], [Redirect]
//   - rows that move while a list is read: [Churn]
//   - a connection that dies without a word: [Server.Silence]
//
// # What the fake does
//
// It serves users, lookups, external ids, user roles and an OAuth 2.0 provider ([Fake.OAuth])
// under a base path, and takes the bearer tokens of [Fake.AccessToken] and [Fake.IssueToken] and
// the API keys of [Fake.APIKey] and [Fake.TestModeKey]. It has tables and rules of its own,
// written from Motive's pages without the client's code, so that the two check each other. It
// refuses what the pages call invalid and accepts what they are silent about. That is all it
// knows: nothing here has been compared with Motive's servers.
//
// Choices made where the pages are silent:
//
//   - per_page above 100 is lowered to 100, and values that make no sense are
//     taken for the default.
//   - Email and username are unique without regard to case; phone and
//     driver_company_id are not unique, and a lookup finds the oldest user.
//   - An update is judged as merged with the stored user where it touches
//     modes, cycles or exceptions. A stored value that the fake does not know,
//     such as a cycle newer than its table, is not held against it.
//   - A text of white space alone is blank: no name, no key of a lookup, no external id.
//   - A lookup by an email that is none is refused: 400.
//   - An update of custom_user_role that leaves out user_role_id keeps it.
//   - A fleet user who was deactivated is not made active again: 422.
//   - Attributes that are unknown or cannot be written are dropped, and named in
//     [Request].Ignored and the transcript; see [WithStrictAttributes].
//   - A role is answered as it was written; the filter takes admin and
//     fleet_admin for the same.
//   - summary=true answers the eight fields by which Motive names a user
//     elsewhere.
//   - A seeded user of a role that no page names shows the fields of a driver.
//   - An external id that the same user has already is added without effect.
//   - X-Time-Zone, X-Metric-Units and X-User-Id are kept in [Request] and change
//     no response.
//
// A fake starts within a millisecond or two and shares nothing, so that each test can have its own.
package motivetest
