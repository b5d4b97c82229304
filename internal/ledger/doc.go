// Package ledger is the append-only log of what people and the platform did.
//
// An act is recorded in the transaction that does it:
//
//	err := db.As(ctx, principal, func(tx pgx.Tx) error {
//		…
//		_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "person.open", Subject: "person:12", Detail: detail})
//		return err
//	})
//
// The act's row holds who did what, to whom and why, and is seen only by whoever may. Its leaf holds the act's kind and a digest of the
// row with a random salt, from which nobody can tell what it was. The digest is the database's own, so that no caller can give another.
package ledger
