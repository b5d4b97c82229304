// Package rekey changes the key that seals, while the platform runs.
//
//	err := rekey.Use(ctx, db, keys)    // at the start of whatever seals: the database knows the key from now on
//	r := rekey.New(db, keys, columns)  // the columns of all packages that seal
//	n, err := r.Renew(ctx, func(p rekey.Progress) { … }) // everything under the newest key, in small transactions; broken off, begun again
//	err = r.Retire(ctx, 1, func() error { return sealed.DropKey(file, sealed.Sealing, 1) })
//
// A key is retired only when nothing is left that it sealed and nobody seals with it any more. Each connection of a program holds a lock of the
// key with which that program seals ([dajiuzhu/internal/postgres.Config.Key]), so the database itself tells, across machines and whatever dies;
// and it lets nobody in who would begin again to seal with a key that is retired.
package rekey
