package rules

import (
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var feedCycle = fault.Text{Key: "rules.feed-cycle",
	Zh: "数据的 covers 互相依赖，先后排不出来：{found}", En: "feeds say whom they cover by each other's facts, so that none can come first: {found}"}

// rowFormulas compiles what feeds say of facts, so that a pack is refused for it before any data comes in.
func (c *compiler) rowFormulas() {
	facts := map[string]*pack.Fact{}
	for _, f := range c.world.pack.Facts {
		facts[f.Path()] = f
	}
	for _, feed := range c.world.pack.Feeds {
		for _, decl := range feed.Facts {
			want, perRow := rowResult(facts[decl.Fact], decl)
			formula, faults := CompileRows(c.world.pack, feed, decl.Value, want, facts[decl.Fact].Codes, perRow)
			c.faults = append(c.faults, faults...)
			if formula != nil {
				c.world.terms[keyOf(decl.Value)] = formula.term
			}
		}
	}
}

// rowResult is the type of a feed's formula for a fact, and whether it reads one row: the latest, or of a set of codes
// each, whose codes together are the set.
func rowResult(fact *pack.Fact, decl *pack.FeedFact) (pack.Type, bool) {
	if fact.Type == pack.CodesOf {
		return pack.CodeOf, true
	}
	return fact.Type, decl.Latest != ""
}

// FeedOrder is the places of the pack's feeds, each behind those whose facts its covers reads.
func (p *Policy) FeedOrder() []int { return p.feedOrder }

// feedOrder orders feeds by whom they cover. It refuses feeds whose covers read facts that come from themselves, directly
// or by way of other feeds' covers.
func (c *compiler) feedOrder() {
	givers := map[string][]*pack.Feed{}
	for _, feed := range c.world.pack.Feeds {
		for _, decl := range feed.Facts {
			givers[decl.Fact] = append(givers[decl.Fact], feed)
		}
	}
	settled := map[*pack.Feed]bool{}
	var path []*pack.Feed
	var visit func(feed *pack.Feed)
	visit = func(feed *pack.Feed) {
		if i := slices.Index(path, feed); i >= 0 {
			c.faults = append(c.faults, fault.New(fault.Invalid, feedCycle, fault.Args{"found": feedCircle(path[i:])}).In(feed.Covers.Pos.At()))
			return
		}
		if settled[feed] {
			return
		}
		path = append(path, feed)
		for _, fact := range factsOf(c.policy.persons[feed.Covers.Source]) {
			for _, giver := range givers[fact] {
				visit(giver)
			}
		}
		path = path[:len(path)-1]
		settled[feed] = true
		c.policy.feedOrder = append(c.policy.feedOrder, slices.Index(c.world.pack.Feeds, feed))
	}
	for _, feed := range c.world.pack.Feeds {
		visit(feed)
	}
}

// feedCircle is "a → b → a".
func feedCircle(feeds []*pack.Feed) string {
	var ids []string
	for _, feed := range append(slices.Clone(feeds), feeds[0]) {
		ids = append(ids, feed.ID)
	}
	return strings.Join(ids, " → ")
}

// factsOf are the facts that a term reads, also through variables, each once and in the order read.
func factsOf(t *term) []string {
	var paths []string
	seen := map[*variable]bool{}
	var visit func(t *term)
	visit = func(t *term) {
		switch {
		case t == nil:
			return
		case t.op == opFact && !slices.Contains(paths, t.fact.path):
			paths = append(paths, t.fact.path)
		case t.op == opVariable && !seen[t.vari]:
			seen[t.vari] = true
			for _, v := range t.vari.versions {
				visit(v.term)
			}
		}
		for _, a := range t.args {
			visit(a)
		}
	}
	visit(t)
	return paths
}
