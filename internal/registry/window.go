package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ledger"
)

var notCalled = fault.Text{Key: "registry.not-called",
	Zh: "没有查到这个人，或不在本窗口的辖区，或不属于任何一户。请核对证件号码；外地或未登记的，请到镇街救助窗口",
	En: "nobody with this number is found in this window's area and in a household: look at the card again; who is from elsewhere goes to the township's window"}

// Caller is somebody who stands before a department's window.
type Caller struct {
	Person, Household int64
	Area              area.Code // the household's
	Name              string
}

// CallAtWindow looks somebody up for a department's window by the whole identity number on the card that they show. That it was done is kept, and is
// what lets the window take their application within half a day.
func (r *Registry) CallAtWindow(ctx context.Context, tx pgx.Tx, number string) (Caller, error) {
	n, err := idno.Parse(number)
	if err != nil {
		return Caller{}, err
	}
	var id *int64
	if err := tx.QueryRow(ctx, "select call_at_window($1)", r.keys.Digests(numberField, n.Plain())).Scan(&id); err != nil {
		return Caller{}, failed("looking somebody up at a window", err)
	}
	if id == nil {
		return Caller{}, fault.New(fault.NotFound, notCalled, nil)
	}
	var c Caller
	err = tx.QueryRow(ctx, "select person, household, area, called from window_call where id = $1", *id).Scan(&c.Person, &c.Household, (*int64)(&c.Area), &c.Name)
	if err != nil {
		return Caller{}, failed("looking somebody up at a window", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "window.call", Subject: fmt.Sprintf("person:%d", c.Person), Detail: map[string]any{"call": *id, "household": c.Household}})
	return c, err
}

// Called is somebody who was called to the window of whoever acts within half a day.
func (r *Registry) Called(ctx context.Context, tx pgx.Tx, person int64) (Caller, error) {
	c := Caller{Person: person}
	err := tx.QueryRow(ctx, `select household, area, called from window_call where person = $1 and account = acting_account() and department = acting_department()
		and acting_window(household) order by id desc limit 1`, person).Scan(&c.Household, (*int64)(&c.Area), &c.Name)
	if errors.Is(err, pgx.ErrNoRows) {
		return Caller{}, fault.New(fault.NotFound, notCalled, nil)
	}
	if err != nil {
		return Caller{}, failed("looking for who was called to the window", err)
	}
	return c, nil
}
