// Package postgres keeps in PostgreSQL what the processes of one program share:
// the login of each fleet and how fast each fleet's API may be called.
//
// [NewTokenStore] is an oauth.Store, [NewLimiter] a rate limiter for
// motive.WithLimiter, and [Migrate] makes the tables of both. One pool serves
// any number of fleets. Everything works through PgBouncer in transaction mode:
// statements have no names, and no session holds a lock.
package postgres
