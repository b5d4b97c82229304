package visit

import (
	"context"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// way is how a visit is made that somebody plans of their own accord: how many go together at least, whether both sides sign, and whether the
// county alone sends for it.
type way struct {
	people   int
	bothSign bool
	county   bool
}

// byHand are the visits that arise from nothing else. What comes of a review or a sample weighs like a survey: it is made by two, and both sides
// sign. Visits for warnings are sent from the warnings, and surveys arranged in their items.
var byHand = map[Purpose]way{Report: {people: 1}, Review: {people: 2, bothSign: true}, Sample: {people: 2, bothSign: true, county: true}}

var (
	notByHand = fault.Text{Key: "visit.not-by-hand", Zh: "“{purpose}”不在这里安排：核实预警在预警里派人，入户调查在事项里安排",
		En: `"{purposeEn}" is not planned here: people are sent from a warning, and surveys arranged in their item`}
	onlyCounty = fault.Text{Key: "visit.only-county", Zh: "抽查由县级监管安排", En: "samples are planned by a county supervisor"}
	pastDue    = fault.Text{Key: "visit.past-due", Zh: "最迟日期{due}已经过去，请改为今天或以后", En: "the last day {due} has gone by: take today or later"}
)

// ByHand are the purposes for which a role may plan a visit of its own accord.
func ByHand(county bool) []Purpose {
	if county {
		return []Purpose{Report, Review, Sample}
	}
	return []Purpose{Report, Review}
}

// People is how many go together at least on a visit that is planned by hand, 0 of a purpose that is not.
func (p Purpose) People() int { return byHand[p].people }

// PlanByHand plans a visit that neither a warning nor a filing asks for, in the way in which its purpose is visited.
func PlanByHand(ctx context.Context, tx pgx.Tx, t Task, today calendar.Date) (id int64, err error) {
	how, ok := byHand[t.Purpose]
	if _, known := purposes[t.Purpose]; known && !ok { // what is no purpose at all, Plan refuses
		return 0, fault.New(fault.Invalid, notByHand, fault.Args{"purpose": purposes[t.Purpose].Zh, "purposeEn": purposes[t.Purpose].En})
	}
	if how.county {
		var role string
		if err := tx.QueryRow(ctx, "select acting_role()").Scan(&role); err != nil {
			return 0, failed("asking who acts", err)
		}
		if role != "supervisor" {
			return 0, fault.New(fault.Forbidden, onlyCounty, nil)
		}
	}
	if t.Due != 0 && t.Due < today {
		return 0, fault.New(fault.Invalid, pastDue, fault.Args{"due": t.Due.String()})
	}
	t.People, t.BothSign = max(t.People, how.people), how.bothSign
	return Plan(ctx, tx, t)
}
