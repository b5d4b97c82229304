package rules

import "dajiuzhu/internal/pack"

// fold computes a fold of each wanted lane over the rows below it. Members that do not count are left out. Supporters or
// events that are not known completely stand as one more, unknown row.
func (m *machine) fold(n *node, v *vector, want Bits) {
	rows := m.selection(n.over)
	each(want, func(lane int) {
		from, to := m.segment(n.over, lane)
		for row := from; row < to; row++ {
			rows.Set(row)
		}
	})
	body := m.need(n.args[0], rows)
	m.release(n.over, rows)
	v.forget(want)
	fold := foldOf(n.op, n.typ)
	each(want, func(lane int) {
		from, to := m.segment(n.over, lane)
		fold(v, lane, body, from, to, m.complete(n, lane))
	})
	each(want, func(lane int) {
		from, to := m.segment(n.over, lane)
		for row := from; row < to && v.known.Has(lane); row++ {
			v.inheritLane(lane, body, row)
		}
		if (n.over == persons || n.over == supporters) && m.doubtful(lane) {
			v.taint(doubted, lane>>6, 1<<(lane&63))
		}
	})
}

// doubtful reports whether who belongs to a household is not settled. In a dormitory or an institution nobody is known to
// be anybody's family.
func (m *machine) doubtful(household int) bool {
	return m.batch.Doubtful.Has(household) || m.batch.Collective.Has(household)
}

// segment is the rows below a lane.
func (m *machine) segment(over relation, lane int) (from, to int) {
	b := m.batch
	switch over {
	case persons:
		return int(b.MemberStart[lane]), int(b.MemberStart[lane] + b.Counted[lane])
	case supporters:
		return int(b.SupporterStart[lane]), int(b.SupporterStart[lane+1])
	case householdEvents:
		return int(b.HouseholdEvent.Start[lane]), int(b.HouseholdEvent.Start[lane+1])
	}
	return int(b.PersonEvent.Start[lane]), int(b.PersonEvent.Start[lane+1])
}

// complete reports whether every row that a fold reads is known: the supporters, or the events of its kinds.
func (m *machine) complete(n *node, lane int) bool {
	if n.over == supporters {
		return m.batch.AllSupporters.Has(lane)
	}
	if n.kinds == nil {
		return true
	}
	t := m.table(n.over.parent())
	for _, k := range n.kinds {
		if !t.Complete[k].Has(lane) {
			return false
		}
	}
	return true
}

// foldRows folds rows from to to of the body into a lane.
type foldRows func(v *vector, lane int, body *vector, from, to int, complete bool)

func foldOf(o op, typ pack.Type) foldRows {
	switch o {
	case opExists:
		return func(v *vector, lane int, body *vector, from, to int, complete bool) {
			quantify(v, lane, body, from, to, complete, true)
		}
	case opAll:
		return func(v *vector, lane int, body *vector, from, to int, complete bool) {
			quantify(v, lane, body, from, to, complete, false)
		}
	case opCount:
		return countRows
	case opSum:
		add := addInt
		if typ == pack.Decimal {
			add = arithmeticOf(&node{op: opAdd, typ: pack.Decimal})
		}
		return func(v *vector, lane int, body *vector, from, to int, complete bool) {
			sumRows(v, lane, body, from, to, complete, add)
		}
	case opMax:
		return func(v *vector, lane int, body *vector, from, to int, complete bool) {
			extreme(v, lane, body, from, to, complete, func(a, b int64) bool { return a > b })
		}
	}
	return func(v *vector, lane int, body *vector, from, to int, complete bool) {
		extreme(v, lane, body, from, to, complete, func(a, b int64) bool { return a < b })
	}
}

// openRows is the state of a fold that not every row's value decides: unknown before error before not in force.
// It reports whether the lane was left without a value.
func openRows(v *vector, lane int, body *vector, from, to int, complete bool) bool {
	err, lapsed := false, false
	for row := from; row < to; row++ {
		switch {
		case body.known.Has(row):
		case body.odd && body.err.Has(row):
			err = true
		case body.odd && body.lapsed.Has(row):
			lapsed = true
		default:
			return true
		}
	}
	switch {
	case !complete:
	case err:
		v.fail(lane)
	case lapsed:
		v.odd = true
		v.lapsed.Set(lane)
	default:
		return false
	}
	return true
}

// quantify decides exists by one true row and all by one false one.
func quantify(v *vector, lane int, body *vector, from, to int, complete, deciding bool) {
	for row := from; row < to; row++ {
		if body.known.Has(row) && body.isTrue.Has(row) == deciding {
			v.setBool(lane, deciding)
			return
		}
	}
	if !openRows(v, lane, body, from, to, complete) {
		v.setBool(lane, !deciding)
	}
}

func (v *vector) setBool(lane int, truth bool) {
	v.known.Set(lane)
	v.isTrue.Clear(lane)
	if truth {
		v.isTrue.Set(lane)
	}
}

func countRows(v *vector, lane int, body *vector, from, to int, complete bool) {
	if openRows(v, lane, body, from, to, complete) {
		return
	}
	count := int64(0)
	for row := from; row < to; row++ {
		if body.isTrue.Has(row) {
			count++
		}
	}
	v.num[lane] = count
	v.known.Set(lane)
}

func sumRows(v *vector, lane int, body *vector, from, to int, complete bool, add func(a, b int64) (int64, bool)) {
	if openRows(v, lane, body, from, to, complete) {
		return
	}
	sum, ok := int64(0), true
	for row := from; row < to && ok; row++ {
		sum, ok = add(sum, body.num[row])
	}
	if !ok {
		v.fail(lane)
		return
	}
	v.num[lane] = sum
	v.known.Set(lane)
}

// extreme is max or min; of no rows it is an error.
func extreme(v *vector, lane int, body *vector, from, to int, complete bool, better func(a, b int64) bool) {
	if openRows(v, lane, body, from, to, complete) {
		return
	}
	if from == to {
		v.fail(lane)
		return
	}
	best := body.num[from]
	for row := from + 1; row < to; row++ {
		if better(body.num[row], best) {
			best = body.num[row]
		}
	}
	v.num[lane] = best
	v.known.Set(lane)
}
