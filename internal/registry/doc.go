// Package registry keeps people, households, who belonged to which when, and what was said of them.
//
// A [Registry] has the functions; each runs in a transaction of the caller, in whose name row-level security answers. [Identities] is
// everybody's identity number in memory, for matching rows in bulk.
//
//	r := registry.New(keys)
//	db.Work(ctx, func(tx pgx.Tx) error { _, err := r.Register(ctx, tx, update); … })          // a delivery of the population register
//	db.Work(ctx, func(tx pgx.Tx) error { _, err := r.Compose(ctx, tx, composed); … })         // who lives with whom by the pack's links
//	db.As(ctx, officer, func(tx pgx.Tx) error { page, err := r.Search(ctx, tx, registry.ByName, "国志", registry.After{}, 20); … })
//	db.As(ctx, officer, func(tx pgx.Tx) error { file, err := r.File(ctx, tx, household); … })
//
// # One person
//
// A person is known by the identity number, which stands sealed and is found by its keyed digest. Two persons that turn out to be one are
// merged: the one points at the other ([Registry.Merge]), and nothing else is rewritten, so that a split restores what was before.
//
// # One household
//
// A household is composed anew whenever facts change. It is the same household as before where more of its people went with it than
// anywhere else and more of those composed now came from it than from anywhere else: of equally many, where the head is; of those, the
// older household. What changed is written down with its day.
//
// # What is said
//
// A [Statement] is a value of a fact of the pack, outside of any feed, from a visit, a declaration, a correction, or a means check. It is
// never changed, and taken back by a withdrawal. No cache of facts is kept: package population derives them from the feeds' rows and the
// statements, in each fact's own order of trust, for a city or for one household alike.
package registry
