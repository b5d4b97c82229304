package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
)

// Principal is for whom a transaction is run. What is empty gives nothing: a principal without a role sees no row.
type Principal struct {
	Account    int64     // 0 is nobody
	Role       string    // a role of package access
	Area       area.Code // what lies in it may be seen; 0 is nowhere
	Department string    // a department officer's; empty otherwise
	Purpose    string    // why sensitive fields are opened; empty opens none
}

// act makes a transaction the principal's, until its end, as of a moment. The key tells the database that the program says so: row-level security believes nobody
// else, whatever settings a query makes.
func (p Principal) act(ctx context.Context, tx pgx.Tx, key string, moment time.Time) error {
	lo, hi := p.Area.Range()
	_, err := tx.Exec(ctx, "select begin_acting($1, $2, $3, $4, $5, $6, $7, $8)", key, p.Account, p.Role, int64(lo), int64(hi), p.Department, p.Purpose, moment)
	if err != nil {
		return fmt.Errorf("telling the database who acts: %w", err)
	}
	return nil
}
