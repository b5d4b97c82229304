package rules

// copyTo copies the first lanes; the number of one that is not known is 0.
func (v *vector) copyTo(states []laneState, nums []int64) {
	for lane := range states {
		states[lane] = v.state(lane)
		if states[lane] == stateKnown {
			nums[lane] = v.number(lane)
		}
	}
}

// holds is whether a unit receives a programme, by its place in the pack; false if that is not known.
func (t *Table) holds(programme, lane int) (holds, known bool) {
	num, known := t.Held[programme].At(lane)
	return num != 0, known
}
