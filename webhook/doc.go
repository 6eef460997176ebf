// Package webhook verifies and reads what Motive's webhooks deliver.
//
// [Handler] is all that most programs need: it answers the check that Motive
// sends when a webhook is registered, turns away what is not signed with the
// secret, and hands each event to a callback. Programs with a web framework of
// their own use [Verify] and then [Parse], both on the body as it was received:
// the signature is of the raw bytes, and JSON that was decoded and written again
// never matches.
//
// # What is known
//
// Motive's developer hub documents the signature header [SignatureHeader], the
// lower-case hex HMAC-SHA1 of the raw body, the registration check (a signed JSON
// array of action names) and the event user_duty_status_updated: the members of a
// user, flat, beside action and trigger. From other people's integrations come the
// event user_upserted, whose shape is taken to be the same, and the schedule: a
// receiver has three seconds to respond, and a delivery that fails is repeated
// after one minute, one hour and six hours. Nothing here has been checked against
// Motive's servers.
//
// # Replays
//
// A signature carries neither a time nor a number, so the same delivery may
// arrive twice, in honest repetition or by somebody who recorded it, and a
// repeated delivery may arrive hours after a newer one. Both are for the receiver
// to tell: the example "Replays" of [Handler] keeps the ids of what it has done, and
// the one of [Event] leaves a newer record alone.
package webhook
