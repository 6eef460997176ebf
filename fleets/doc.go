// Package fleets keeps many fleets in line with their rosters, in as many
// processes as there are.
//
//	engine, err := fleets.New(fleets.SQLite("fleets.db"), fleets.Options{Open: open})
//	err = engine.Migrate(ctx)             // at each start
//	err = engine.Every(ctx, "17", "0 3 * * *")
//	err = engine.Sync(ctx, "17")          // now
//	err = engine.Run(ctx)                 // a worker, until ctx ends
//
// A sync lists a fleet, plans and applies with package provision, and can be cut
// off anywhere and run again. [River] hands the jobs out and retries them. What
// is asked for and what is done stands in a table of this package, so that
// nothing is lost or done twice where River, which goes by time alone, takes a
// paused process for a dead one.
//
// [SQLite] serves any number of processes on one machine, [Postgres] on many.
//
// [River]: https://riverqueue.com
package fleets
