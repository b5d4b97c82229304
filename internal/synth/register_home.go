package synth

// surveyHouse grades the head's house, lends to farmers and gives public housing.
func (m *maker) surveyHouse(h *household) {
	first := h.persons[0]
	if h.collective() || !first.present() || first.age < 18 {
		return
	}
	m.lend(h, first)
	d := h.die
	if h.urban || h.place.urban {
		m.houseUrban(h, first)
		return
	}
	graded := 0.25
	if h.poor || h.near || first.listed != "" {
		graded = 0.7
	}
	if !d.chance("graded", graded) {
		return
	}
	weights := []int{600, 385, 12, 3}
	if h.poor {
		weights = []int{300, 620, 60, 20}
	}
	first.house.grade = [...]string{"a", "b", "c", "d"}[d.choose("house-grade", weights...)]
	first.house.mended = first.house.grade < "c" && h.poor && d.chance("mended", 0.3) || first.listed == "expoor" && d.chance("mended", 0.35)
}

// houseUrban gives public rental housing to families in town without a home of their own.
func (m *maker) houseUrban(h *household, first *person) {
	rate := 0.01
	if h.poor || h.near {
		rate = 0.35
	}
	if len(first.homes) > 0 || h.permit && !h.near {
		rate = 0
	}
	if h.die.chance("public-rental", rate) {
		first.right = [...]string{"dwelling", "subsidy"}[h.die.choose("housing-right", 55, 45)]
	}
}

// lend is the farmers' loan of families on the rural bureau's list.
func (m *maker) lend(h *household, first *person) {
	d := h.die
	if first.listed == "" || first.age > 63 || !d.chance("loan", 0.22) {
		return
	}
	first.loan = &loan{amount: fen(d.between("loan-amount", 2, 5)) * 10_000_00, on: m.ago(d.between("lent", 60, 1500))}
	if due := first.loan.on.AddMonths(36); due < m.on || d.chance("loan-settled", 0.3) {
		first.loan.settled = min(due, m.ago(d.between("loan-settled-day", 20, 50)))
	}
}
