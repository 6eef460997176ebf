// Package oauth logs a user in at Motive with OAuth 2.0, and keeps the login for
// as long as Motive does.
//
// A login is two steps, [NewLogin] and [Login.Exchange], and its token is kept
// with [Save] in a [Store]: in memory, in a file that many processes share
// (package tokenfile), or in a database of yours. From there a [Source] hands out
// access tokens. Package motive takes config and store in motive.WithOAuth2, or a
// Source that other clients use too in motive.WithTokenSource.
//
// Motive's refresh tokens are treated as good for one use. So one goroutine of
// one process refreshes for all that share a store: it saves its intent, presents
// the refresh token once, saves the response, and only then uses it. When the
// login has ended, every call returns a [ReconnectError], which says whether it
// was revoked or lost in a crash: no store can close the window between the
// provider's commit of a refresh and the save of its response.
//
// No error, and nothing printed with fmt or logged with log/slog, shows a token
// or a secret; a [golang.org/x/oauth2.Token] and Config do, if they are printed
// themselves.
package oauth
