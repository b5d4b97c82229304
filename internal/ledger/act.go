package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Act is something that was done. Who did it and when is what the transaction and the database say.
type Act struct {
	Kind    string // what was done, as "person.open": lower-case letters, points and hyphens, and public
	Subject string // to what, as "person:12" or "batch:3"; at most 200 characters
	Detail  any    // what else belongs to it, as JSON; kept in the act's row and never in the leaf. Numbers of people in it are masked
}

// Record writes an act and its leaf in the transaction that does it, and returns the act's id: if the transaction does not commit,
// neither was ever there. It works under every role of the database.
func Record(ctx context.Context, tx pgx.Tx, a Act) (id int64, err error) {
	detail, err := canonical(a.Detail)
	if err != nil {
		return 0, fmt.Errorf("the detail of an act %q: %w", a.Kind, err)
	}
	if err := tx.QueryRow(ctx, "select record_act($1, $2, $3)", a.Kind, masked(a.Subject), detail).Scan(&id); err != nil {
		return 0, fmt.Errorf("recording an act %q: %w", a.Kind, withoutRow(err))
	}
	return id, nil
}
