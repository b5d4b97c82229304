// Package casework turns findings into decisions: filings, the items in them, the steps of each item, and what may stop or change their course.
//
// A filing is a household and an occasion; it holds an item for each programme that the household may get, or category that it may be recognised
// in. An item goes the way that the pack's workflow gives its programme: nothing of a city stands here. The versions of the workflow are kept in
// tables ([ApplyPack]), and the database itself refuses a step that is not allowed now, by a role that may not do it, by somebody who did a step
// that keeps from it, with too few people, or behind an item that is closed. Rows are only added.
//
//	cases := casework.New(pack, explainer)
//	draft, err := cases.Draft(ctx, tx, household, today)
//	filed, err := cases.File(ctx, tx, casework.Filing{Household: household, Occasion: casework.Application, Items: draft.Wanted()}, now)
//	row, err := cases.Do(ctx, tx, item, "accept", casework.Doing{}, now)
//	steps, err := cases.Next(ctx, tx, item, principal, now)
//
// Each function runs in a transaction of the caller, in whose name row-level security answers, and records its act there. The clock is an
// argument. What a page sends twice is the frame's to find.
//
// # How the workflow's words are read
//
// An item goes by the version of its procedure in force on the day of filing, and from its acceptance by that of the day of acceptance; the
// authority is that of the day of the decision, the publicity regime that of the day of posting. Steps are done in their order; one whose
// occasion does not hold is left out. The occasions: papers-lacking is the handler's to see, and told once; near-kin, that staff declared a near
// relative in the household or that somebody registered it so; over-limit, that the amount proposed is above what the authority itself may
// decide; objection, that one is open; granted and refused, that it was decided so; drawn, that the county sampled it. A decider is the township's
// decider, the county's supervisor or an officer of the department in charge, by the authority's rank. A limit from a notice counts from its end.
// While an objection is open nothing is decided: an item whose decision is next is then for whoever answers, with or without a step for that.
package casework
