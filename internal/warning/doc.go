// Package warning closes the loop over what discovery raises: who works on each warning, what was found at home, and how it was answered.
//
// Whatever the engine raises becomes a round of work in the same transaction, by a trigger of the database, and lies at the desk to which its
// rule sends it. So does a report by code, hotline or organisation. A round goes
//
//	new → claimed | assigned → visiting → verified → confirmed → helped
//
// or is answered with a reason for a "no" (dismissed), which the township confirms unless the pack lets the desk say it alone. An answer keeps
// quiet for the days that the pack gives; within them the engine's raising the same is kept and not shown, unless its level rises or its evidence
// is news. Afterwards, and on news, there is a further round, linked to the one before. A warning that the engine closes while somebody works on
// it says so and stays; one that nobody had looked at lapses.
//
//	w := warning.New(pack, keys, visits)
//	list, err := w.Inbox(ctx, tx, warning.Filter{Levels: []string{"red"}, Today: today})
//	done, err := w.Claim(ctx, tx, []int64{12, 15}, warning.Doing{Once: key, On: today})
//	done, err = w.Dismiss(ctx, tx, []int64{12}, "helped-already", doing)
//
// A visit that ends takes the rounds for which somebody went with it, by a trigger as well: however the phone brings it in.
//
// Acts are told by the caller's key ([Doing.Once]): the same key does nothing twice. They act on many rounds at once; a round for which an act is
// not possible any more is reported and keeps the others from nothing. What is done stands in the round's history and in the ledger.
package warning
