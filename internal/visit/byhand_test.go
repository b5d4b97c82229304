package visit_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/visit"
)

// Samples are the county's, and are made by two whatever is said.
func TestPlanByHand(t *testing.T) {
	w := newWorld(t)
	plan := func(who postgres.Principal, t visit.Task) (id int64, err error) {
		err = w.as(who, func(ctx context.Context, tx pgx.Tx) error { id, err = visit.PlanByHand(ctx, tx, t, today); return err })
		return id, err
	}
	sample := visit.Task{Household: 1, Purpose: visit.Sample, Visitors: []int64{2, 3}, People: 1, Due: today}
	if _, err := plan(officer, sample); err == nil {
		t.Error("a township plans a sample")
	}
	if _, err := plan(supervisor, visit.Task{Household: 1, Purpose: visit.Sample, Visitors: []int64{2}, Due: today}); err == nil {
		t.Error("one alone makes a sample")
	}
	if _, err := plan(elsewhere, visit.Task{Household: 1, Purpose: visit.Report, Visitors: []int64{6}, Due: today}); err == nil {
		t.Error("somebody plans a visit elsewhere")
	}
	id, err := plan(supervisor, sample)
	if err != nil {
		t.Fatal(err)
	}
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		one, err := w.One(ctx, tx, id)
		if one.People != 2 || !one.BothSign {
			t.Errorf("a sample is made by %d, both sign: %v", one.People, one.BothSign)
		}
		return err
	})
}

// A device's key is the same for good, of each account and device its own, also after the posting has ended.
func TestDeviceKey(t *testing.T) {
	w := newWorld(t)
	const one, other = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	key := func(who postgres.Principal, device string) (key string) {
		w.must(who, func(ctx context.Context, tx pgx.Tx) (err error) { key, err = w.DeviceKey(ctx, tx, device); return err })
		return key
	}
	first := key(assistant, one)
	if len(first) != 44 || key(assistant, one) != first || key(nobody, one) != first {
		t.Error("the key of an account on a device is not the same for good")
	}
	if key(assistant, other) == first || key(officer, one) == first {
		t.Error("two devices or two accounts have the same key")
	}
	if err := w.as(postgres.Principal{}, func(ctx context.Context, tx pgx.Tx) error { _, err := w.DeviceKey(ctx, tx, one); return err }); err == nil {
		t.Error("nobody is given a key")
	}
}
