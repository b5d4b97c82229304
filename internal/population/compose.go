package population

import (
	"cmp"
	"fmt"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// The ways in which a link of a composition goes.
const (
	viaSpouse  = "spouse"
	viaChild   = "child"
	viaParent  = "parent"
	viaBooklet = "booklet"
)

// What makes a composition doubtful beside the pack's own doubtful links.
var (
	doubtCounts = pack.Text{Zh: "是否计入家庭成员尚不清楚", En: "whether a member counts is not known"}
	doubtSpouse = pack.Text{Zh: "婚姻登记的配偶不在人口登记中", En: "a spouse by the marriage register is not in the register of persons"}
	doubtParent = pack.Text{Zh: "父母不在人口登记中", En: "the parents are not in the register of persons"}
	doubtApart  = pack.Text{Zh: "父母不是一家，孩子随谁生活需要核实", En: "the parents are not one family: with whom the child lives has to be seen"}
	doubtRow    = pack.Text{Zh: "同一户口簿有登记行未被采用", En: "a row of the same booklet was set aside"}
	doubtWed    = pack.Text{Zh: "本人有婚姻登记行未被采用", En: "a row of the marriage register about a member was set aside"}
	doubtTwice  = pack.Text{Zh: "登记了不止一位在婚配偶", En: "more than one marriage is registered"}
	doubtHead   = pack.Text{Zh: "户口簿没有户主", En: "the booklet has no head"}
)

// household is persons who belong together: those who count first.
type household struct {
	key        string
	place      area.Code
	reference  int32 // the person whose booklet, village and residence are the household's
	members    []int32
	counted    int
	supporters []int32
	collective bool
	doubts     []pack.Text
}

// apart reports whether the household is not assessed as a family: nobody in it is linked to anybody, in a dormitory or an
// institution, or nobody counts as a member.
func (h *household) apart() bool { return h.collective || h.counted == 0 }

// doubt is a reason for which two persons may or may not belong together. It is settled where they turn out to. A doubt
// about one person alone has nobody as the other.
type doubt struct {
	person, other int32
	say           pack.Text
}

// composer puts persons together.
type composer struct {
	*builder
	parent   []int32   // of the forest of persons who belong together
	spouses  [][]int32 // by person
	children [][]int32
	booklets map[string][]int32
	heads    map[string]int32
	doubts   []doubt
}

// compose makes the households by the pack's composition, in the order of villages and keys.
func (b *builder) compose() []household {
	n := b.register.len()
	c := &composer{builder: b, parent: make([]int32, n), spouses: make([][]int32, n), children: make([][]int32, n),
		booklets: map[string][]int32{}, heads: map[string]int32{}}
	for i := range c.parent {
		c.parent[i] = int32(i)
	}
	c.readBooklets()
	c.readParents()
	c.readMarriages()
	c.readRejected()
	rule := b.pack.Household
	if rule == nil {
		rule = &pack.Composition{}
	}
	links := slices.Concat(rule.Joins, rule.Supporters)
	questions := []pack.Expr{rule.Counts}
	for _, link := range links {
		questions = append(questions, link.When)
	}
	answers := b.judgeAll(questions)
	counts, whens := answers[0], answers[1:]
	for i, link := range rule.Joins {
		c.follow(link, whens[i])
	}
	return c.households(counts, rule.Supporters, whens[len(rule.Joins):])
}

func (c *composer) readBooklets() {
	for person := range c.register.len() {
		booklet := c.register.text(c.register.booklet, person)
		if booklet == "" {
			continue
		}
		c.booklets[booklet] = append(c.booklets[booklet], int32(person))
		if _, ok := c.heads[booklet]; !ok && c.register.isHead(person) {
			c.heads[booklet] = int32(person)
		}
	}
}

func (c *composer) readParents() {
	for person := range c.register.len() {
		for _, parent := range c.parents(person) {
			if parent >= 0 {
				c.children[parent] = append(c.children[parent], int32(person))
			}
		}
	}
}

// parents is a person's father and mother.
func (c *composer) parents(person int) [2]int32 {
	r := c.register
	parents := [2]int32{r.parent(r.father, person), r.parent(r.mother, person)}
	for i, p := range parents {
		if p == int32(person) {
			parents[i] = absent // nobody is their own parent
		}
	}
	if parents[0] == parents[1] && parents[0] >= 0 {
		parents[1] = absent
	}
	return parents
}

// readMarriages finds everybody's spouses: of the marriages that the register has as in force.
func (c *composer) readMarriages() {
	for i, f := range c.pack.Feeds {
		if f.Role != feed.RoleMarriages {
			continue
		}
		m := c.feeds[i]
		married, status := c.marriedCode(m.table)
		for person := range c.register.len() {
			for _, row := range m.of(person) {
				if n, ok := m.table.Num(status, int(row)); status >= 0 && (!ok || n != married) {
					continue
				}
				c.marry(m.table, person, int(row))
			}
			if len(c.spouses[person]) > 1 {
				c.doubt(int32(person), nobody, doubtTwice)
			}
			if m.aside.Has(person) {
				c.doubt(int32(person), nobody, doubtWed)
			}
		}
	}
}

func (c *composer) marriedCode(t *feed.Table) (code int64, status int) {
	status = columnOf(t, columnStatus)
	if status < 0 {
		return 0, absent
	}
	if l := c.pack.Codes[t.Feed.Columns[status].Codes]; l != nil {
		return int64(codeIndex(l, statusMarried)), status
	}
	return 0, absent
}

// marry notes the other person of a marriage.
func (c *composer) marry(t *feed.Table, person, row int) {
	for _, column := range t.About() {
		id := t.ID(column, row)
		other, registered := c.register.ids[id]
		switch {
		case id.IsZero() || registered && other == int32(person):
		case !registered:
			c.doubt(int32(person), nobody, doubtSpouse)
		case !slices.Contains(c.spouses[person], other):
			c.spouses[person] = append(c.spouses[person], other)
		}
	}
}

// readRejected doubts the booklets of which the register had a row that was set aside: somebody is missing there.
func (c *composer) readRejected() {
	for _, r := range c.set.Rejects {
		if r.File.Feed != c.register.table.Feed || r.Again {
			continue
		}
		booklet, ok := r.Cell(columnBooklet)
		if !ok {
			continue
		}
		for _, person := range c.booklets[booklet] {
			c.doubt(person, nobody, doubtRow)
		}
	}
}

func (c *composer) doubt(person, other int32, say pack.Text) {
	c.doubts = append(c.doubts, doubt{person, other, say})
}

func (c *composer) find(person int32) int32 {
	for c.parent[person] != person {
		c.parent[person] = c.parent[c.parent[person]]
		person = c.parent[person]
	}
	return person
}

func (c *composer) join(a, b int32) {
	a, b = c.find(a), c.find(b)
	c.parent[max(a, b)] = min(a, b)
}

// follow applies one link to everybody from whom it starts. Where it is not known whether it holds, or where the pack
// says so, it does not join but leaves a doubt.
func (c *composer) follow(link *pack.Link, when judgement) {
	for person := range c.register.len() {
		holds, unsure := when.yes.Has(person), when.unknown.Has(person)
		if !holds && !unsure {
			continue
		}
		for _, other := range c.ends(link, person, unsure || link.Doubt) {
			if unsure || link.Doubt {
				c.doubt(int32(person), other, link.Say)
				continue
			}
			if other >= 0 {
				c.join(int32(person), other)
			}
		}
	}
}

// ends is the persons to whom a link leads from a person. A doubtful link says itself what is not known.
func (c *composer) ends(link *pack.Link, person int, doubtful bool) []int32 {
	switch link.Via {
	case viaSpouse:
		return c.spouses[person]
	case viaChild:
		return c.home(person, doubtful)
	case viaParent:
		return c.children[person]
	}
	return c.head(person, doubtful)
}

// head is the head of a person's booklet. A collective booklet is no family's.
func (c *composer) head(person int, doubtful bool) []int32 {
	booklet := c.register.text(c.register.booklet, person)
	if booklet == "" || c.register.isCollective(person) {
		return nil
	}
	head, ok := c.heads[booklet]
	switch {
	case ok && head != int32(person):
		return []int32{head}
	case !ok && !doubtful && len(c.booklets[booklet]) > 1:
		c.doubt(int32(person), nobody, doubtHead)
	}
	return nil
}

// home is the parents with whom a child belongs. Parents who are one family are both. Of parents who are not, it is the
// one of the child's booklet. If that is both, they live together with their child, which has to be seen; if it is
// neither, it cannot be told.
func (c *composer) home(person int, doubtful bool) []int32 {
	var parents, near []int32
	named := false
	booklet := c.register.text(c.register.booklet, person)
	for _, parent := range c.parents(person) {
		named = named || parent == nobody
		if parent < 0 {
			continue
		}
		parents = append(parents, parent)
		if booklet != "" && c.register.text(c.register.booklet, int(parent)) == booklet {
			near = append(near, parent)
		}
	}
	switch {
	case len(parents) == 0 && named && !doubtful:
		c.doubt(int32(person), nobody, doubtParent)
		return nil
	case len(parents) < 2 || doubtful || c.find(parents[0]) == c.find(parents[1]):
		return parents
	case len(near) == 1:
		return near
	}
	for _, parent := range parents {
		c.doubt(int32(person), parent, doubtApart)
	}
	if len(near) == 2 {
		c.doubt(parents[0], nobody, doubtApart)
	}
	return near
}

// households gathers who belongs together.
func (c *composer) households(counts judgement, supporters []*pack.Link, whens []judgement) []household {
	members := map[int32][]int32{}
	var roots []int32
	for person := range c.register.len() {
		root := c.find(int32(person))
		if members[root] == nil {
			roots = append(roots, root)
		}
		members[root] = append(members[root], int32(person))
	}
	households := make([]household, len(roots))
	at := make(map[int32]int, len(roots))
	for i, root := range roots {
		at[root] = i
		households[i] = c.household(members[root], counts)
	}
	c.settle(households, at)
	for person := range c.register.len() {
		if counts.unknown.Has(person) {
			h := &households[at[c.find(int32(person))]]
			h.doubts = addText(h.doubts, doubtCounts)
		}
	}
	for i := range households {
		households[i].supporters = c.supporters(&households[i], supporters, whens)
	}
	c.name(households)
	slices.SortFunc(households, func(x, y household) int { return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(x.key, y.key)) })
	return households
}

// household orders the members: those who count first, of each the one of reference and then the elder first. Who may or
// may not count does, with a doubt.
func (c *composer) household(members []int32, counts judgement) household {
	h := household{members: members}
	uncounted := func(person int32) int {
		if counts.yes.Has(int(person)) || counts.unknown.Has(int(person)) {
			return 0
		}
		return 1
	}
	h.reference = c.reference(members, uncounted)
	slices.SortFunc(members, func(x, y int32) int {
		return cmp.Or(
			cmp.Compare(uncounted(x), uncounted(y)),
			-cmp.Compare(truth(x == h.reference), truth(y == h.reference)),
			c.elder(x, y))
	})
	for _, person := range members {
		h.counted += 1 - uncounted(person)
	}
	h.place = c.register.place(int(h.reference))
	h.collective = len(members) == 1 && c.register.isCollective(int(members[0]))
	return h
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// elder orders persons by birth, then by identity number.
func (c *composer) elder(x, y int32) int {
	a, b := c.register.number(int(x)), c.register.number(int(y))
	return cmp.Or(cmp.Compare(a.Birth(), b.Birth()), a.Compare(b))
}

// reference is the member whose booklet is the household's: the head of the booklet that most of those who count are in,
// else the eldest of those in it.
func (c *composer) reference(members []int32, uncounted func(int32) int) int32 {
	in := map[string]int{}
	for _, person := range members {
		if uncounted(person) == 0 && !c.register.isCollective(int(person)) {
			in[c.register.text(c.register.booklet, int(person))]++
		}
	}
	best, most := "", 0
	for _, booklet := range sortedKeys(in) {
		if in[booklet] > most {
			best, most = booklet, in[booklet]
		}
	}
	return slices.MinFunc(members, func(x, y int32) int {
		outside := func(p int32) int { return truth(most > 0 && c.register.text(c.register.booklet, int(p)) != best) }
		return cmp.Or(cmp.Compare(outside(x), outside(y)), cmp.Compare(uncounted(x), uncounted(y)),
			-cmp.Compare(truth(c.register.isHead(int(x))), truth(c.register.isHead(int(y)))), c.elder(x, y))
	})
}

// settle gives the doubts to the households that they are about. Two persons who belong together for another reason leave
// none.
func (c *composer) settle(households []household, at map[int32]int) {
	for _, d := range c.doubts {
		if d.other >= 0 && c.find(d.person) == c.find(d.other) {
			continue
		}
		for _, person := range []int32{d.person, d.other} {
			if person >= 0 {
				h := &households[at[c.find(person)]]
				h.doubts = addText(h.doubts, d.say)
			}
		}
	}
}

func addText(texts []pack.Text, t pack.Text) []pack.Text {
	if slices.Contains(texts, t) {
		return texts
	}
	return append(texts, t)
}

// supporters is the persons outside a household who owe support to those who count in it. The link's question is asked of
// the supporter. Who may owe support is one: the facts that decide are then open.
func (c *composer) supporters(h *household, links []*pack.Link, whens []judgement) []int32 {
	var all []int32
	for _, member := range h.members[:h.counted] {
		for i, link := range links {
			for _, other := range c.duty(link, int(member)) {
				if other < 0 || c.find(other) == c.find(member) || !whens[i].yes.Has(int(other)) && !whens[i].unknown.Has(int(other)) {
					continue
				}
				if !slices.Contains(all, other) {
					all = append(all, other)
				}
			}
		}
	}
	slices.SortFunc(all, c.elder)
	return all
}

// duty is the persons to whom a link of support leads from a member: the spouse, the children of a parent, the parents
// of a child.
func (c *composer) duty(link *pack.Link, member int) []int32 {
	switch link.Via {
	case viaSpouse:
		return c.spouses[member]
	case viaParent:
		return c.children[member]
	case viaChild:
		parents := c.parents(member)
		return parents[:]
	}
	return c.head(member, true)
}

// name gives every household its key: the booklet of its member of reference. Where several households come from one
// booklet, that of the booklet's head has the booklet's own number and the others are counted behind it, the elder first,
// past numbers that are those of other booklets.
func (c *composer) name(households []household) {
	of := map[string][]*household{}
	for i := range households {
		h := &households[i]
		booklet := c.register.text(c.register.booklet, int(h.reference))
		of[booklet] = append(of[booklet], h)
	}
	taken := map[string]bool{}
	for booklet := range of {
		taken[booklet] = true
	}
	for _, booklet := range sortedKeys(of) {
		all := of[booklet]
		slices.SortFunc(all, func(x, y *household) int {
			return cmp.Or(
				-cmp.Compare(truth(c.isHeadOf(booklet, x)), truth(c.isHeadOf(booklet, y))),
				c.elder(x.reference, y.reference))
		})
		number := 1
		for i, h := range all {
			h.key = booklet
			for ; i > 0 && taken[h.key]; h.key = fmt.Sprintf("%s-%d", booklet, number) {
				number++
			}
			taken[h.key] = true
		}
	}
}

func (c *composer) isHeadOf(booklet string, h *household) bool {
	head, ok := c.heads[booklet]
	return ok && head == h.reference
}
