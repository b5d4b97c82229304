package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// askingPack is the tiny pack with sources: x and the persons' facts are asked, y awaits a feed, i is asked and awaited, a
// comes only by consent, events of fire come from a feed.
func askingPack() *pack.Pack {
	p := tinyPack()
	slices.SortFunc(p.Facts, func(a, b *pack.Fact) int { return strings.Compare(a.Path(), b.Path()) })
	for _, f := range p.Facts {
		switch {
		case f.Name == "a":
			f.Consent = true
		case f.Name == "y":
			f.Trust = []string{"feed:registry"}
		case f.Name == "i":
			f.Trust, f.Ask = []string{"feed:registry", "visit"}, pack.Text{Zh: "几个？", En: "How many?"}
		default:
			f.Trust, f.Ask = []string{"visit", "declared"}, pack.Text{Zh: f.Name + "？", En: f.Name + "?"}
		}
	}
	table := value("", "", "2026-01-01", "", "0")
	table.Table = map[string]money.Decimal{"red": mustMoney("1"), "green": mustMoney("2"), "blue": mustMoney("3")}
	p.Parameters = append(p.Parameters, &pack.Parameter{Name: "by_colour", Type: pack.Decimal, Codes: "colour", Values: []*pack.ParameterValue{table}})
	text := pack.Text{Zh: "登记", En: "Registry"}
	p.Feeds = []*pack.Feed{
		{ID: "registry", Name: text},
		{ID: "fires", Name: text, Events: []*pack.FeedEvent{{Unit: pack.Household, Kind: "fire"}}},
		{ID: "benefits", Name: text, Role: "holdings", Columns: []*pack.Column{{Name: "programme", Codes: "benefit"}}},
		{ID: "posts", Name: text, Role: "holdings", Columns: []*pack.Column{{Name: "programme", Codes: "colour"}}},
	}
	p.Codes["benefit"] = &pack.CodeList{ID: "benefit", Codes: []pack.Code{{ID: "grant"}}}
	return p
}

// programme is a household's programme with conditions in order; one that begins with "consent: " is checked on consent.
func tinyProgramme(conditions ...string) *pack.Programme {
	version := &pack.ProgrammeVersion{Span: calendar.Always()}
	for i, source := range conditions {
		when, onConsent := strings.CutPrefix(source, "consent: ")
		version.Conditions = append(version.Conditions, &pack.Condition{ID: string(rune('a' + i)), When: pack.Expr{Source: when}, OnConsent: onConsent})
	}
	return &pack.Programme{ID: "grant", Unit: pack.Household, Aid: "cash", Entitlement: true, Versions: []*pack.ProgrammeVersion{version}}
}

// explained is the outcome of a programme of the tiny pack. Its other programmes come first.
func explained(t *testing.T, p *pack.Pack, on, household string, members ...string) OutcomeReport {
	t.Helper()
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	b := tinyBatch(t, policy.world, household, members)
	if strings.Contains(household, "nowhere") {
		b.Area[0] = 0
	}
	var names []string
	for i := range members {
		names = append(names, "甲乙丙丁"[3*i:3*i+3])
	}
	d := policy.On(mustDate(on), nil).Explain(Subject{Batch: b, Persons: names})
	return d.Outcomes[len(d.Outcomes)-1]
}

func missingOf(o OutcomeReport) string {
	var all []string
	for _, m := range o.Missing.Tell() {
		text := m.Fact
		if m.Unit.Name != "" {
			text += "@" + m.Unit.Name
		}
		switch {
		case m.OnConsent:
			text += "!"
		case m.Ask == nil:
			text += "<" + strings.Join(m.Awaits, ",")
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestMissing(t *testing.T) {
	for _, test := range []struct {
		name, condition, household string
		members                    []string
		want                       string
	}{
		{"what is asked", "household.x > 0.0", "", nil, "household.x"},
		{"what is awaited names the feed", "household.y > 0.0", "", nil, "household.y<registry"},
		{"what is asked or awaited is asked", "household.i > 0", "", nil, "household.i"},
		{"only by consent", "household.a", "", nil, "household.a!"},
		{"questions, then feeds, then consent", "household.a && household.y > 0.0 && household.x > 0.0", "", nil, "household.x household.y<registry household.a!"},
		{"a leaf that a known value absorbs is dropped", "household.b || household.c && household.x > 0.0", "c=false", nil, "household.b"},
		{"true && leaves the other", "household.b && household.c", "b=true", nil, "household.c"},
		{"both sides of a comparison", "household.x < household.i", "", nil, "household.x household.i"},
		{"an unknown choice wants its test and both arms", "(household.b ? household.x : household.y) > 0.0", "", nil, "household.b household.x household.y<registry"},
		{"an unknown choice wants the arm that is not known", "(household.b ? household.x : household.y) > 0.0", "x=1", nil, "household.b household.y<registry"},
		{"a known choice wants the arm taken", "(household.b ? household.x : household.y) > 0.0", "b=false", nil, "household.y<registry"},
		{"a default stands in", "household.x.or(1.0) > 0.0 && household.c", "", nil, "household.c"},
		{"known() is always known", "(known(household.x) || household.c) && household.b", "x=1", nil, "household.b"},
		{"each fact once", "household.x > 0.0 && household.x < 9.0 && household.x > 1.0", "", nil, "household.x"},
		{"of each person", "household.members.exists(m, m.b)", "", []string{"b=false", "", ""}, "person.b@乙 person.b@丙"},
		{"of no person once one decides", "household.members.exists(m, m.b) && household.c", "", []string{"b=true", ""}, "household.c"},
		{"a person whose own facts absorb is not asked", "household.members.exists(m, m.c && m.b)", "", []string{"c=false", "c=true"}, "person.b@乙"},
		{"events that are not all known", "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", "fire=1", nil, "household.events.fire<fires"},
		{"an event's field", "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", "fire=? fires-complete", nil, "household.events.amount<"},
		{"held or not", "household.holds('grant')", "", nil, "holds.grant<benefits"},
		{"the residence of a standard", "household.x < param.standard", "x=1", nil, "household.residence"},
		{"the area of a standard", "household.x < param.standard", "x=1 residence=rural nowhere", nil, "household.area"},
		{"the key of a table, not the place where all places agree", "household.x < param.by_colour[household.k]", "x=1 nowhere", nil, "household.k"},
		{"no area where all areas agree", "household.x < param.standard && household.c", "x=1 residence=urban nowhere", nil, "household.c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := askingPack()
			p.Programmes = []*pack.Programme{tinyProgramme(test.condition)}
			o := explained(t, p, "2026-06-01", test.household, test.members...)
			if o.Outcome != "possible" {
				t.Errorf("is %s", o.Outcome)
			}
			if got := missingOf(o); got != test.want {
				t.Errorf("misses %q, want %q", got, test.want)
			}
		})
	}
}

// TestMissingOfOutcomes: what has to be known depends on what can still change.
func TestMissingOfOutcomes(t *testing.T) {
	withAmount := func(q *pack.Programme, when, amount string) *pack.Programme {
		q.Versions[0].Components = []*pack.Component{{ID: "sum", When: pack.Expr{Source: when}, Amount: pack.Expr{Source: amount}, Per: "month", Rounding: "fen-half-up"}}
		return q
	}
	for _, test := range []struct {
		name      string
		programme *pack.Programme
		household string
		outcome   string
		want      string
	}{
		{"consent alone is open", tinyProgramme("household.b", "consent: household.a"), "b=true", "likely", "household.a!"},
		{"consent and more", tinyProgramme("household.b", "consent: household.a"), "", "possible", "household.b household.a!"},
		{"refused: nothing is asked", tinyProgramme("household.b", "household.c"), "b=false", "ineligible", ""},
		{"nothing is asked while there is no rule", tinyProgramme("household.x < param.late", "household.b"), "x=1", "not-in-force", ""},
		{"nothing is asked of an error", tinyProgramme("household.x / household.x > 1.0", "household.b"), "x=0", "error", ""},
		{"an open amount", withAmount(tinyProgramme("household.b"), "", "household.x"), "b=true", "eligible", "household.x"},
		{"whether there is an amount", withAmount(tinyProgramme("household.b"), "household.c", "household.x"), "b=true x=1", "eligible", "household.c"},
		{"a part that is not due asks nothing", withAmount(tinyProgramme("household.b"), "household.c", "household.x"), "b=true c=false", "eligible", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := askingPack()
			p.Programmes = []*pack.Programme{test.programme}
			o := explained(t, p, "2026-06-01", test.household)
			if o.Outcome != test.outcome {
				t.Errorf("is %s, want %s", o.Outcome, test.outcome)
			}
			if got := missingOf(o); got != test.want {
				t.Errorf("misses %q, want %q", got, test.want)
			}
		})
	}
}

// TestMissingOfOtherProgramme: what another programme lacks is asked for the one that reads it.
func TestMissingOfOtherProgramme(t *testing.T) {
	other := tinyProgramme("household.b", "household.y > 0.0")
	other.ID = "other"
	p := askingPack()
	p.Programmes = []*pack.Programme{other, tinyProgramme("household.eligible('other')")}
	if got, want := missingOf(explained(t, p, "2026-06-01", "b=true")), "household.y<registry"; got != want {
		t.Errorf("misses %q, want %q", got, want)
	}
}

func TestDistances(t *testing.T) {
	for _, test := range []struct {
		name, condition, household string
		members                    int
		want                       []Distance
	}{
		{"above a figure", "household.x <= 10.0", "x=12.5", 1, []Distance{{Left: "household.x", Right: "10", By: mustMoney("2.5"), Measure: "yuan", Over: true}}},
		{"below a figure", "household.x >= 10.0", "x=4", 1, []Distance{{Left: "household.x", Right: "10", By: mustMoney("6"), Measure: "yuan"}}},
		{"exactly at a limit that must not be reached", "household.x < 10.0", "x=10", 1, []Distance{{Left: "household.x", Right: "10", By: 0, Measure: "yuan", Over: true}}},
		{"every comparison that failed", "household.x < 10.0 || household.i > 5", "x=12 i=3", 1,
			[]Distance{{Left: "household.x", Right: "10", By: mustMoney("2"), Measure: "yuan", Over: true}, {Left: "household.i", Right: "5", By: mustMoney("2")}}},
		{"nothing of a comparison that held", "household.x < 10.0 && household.i > 5", "x=1 i=3", 1, []Distance{{Left: "household.i", Right: "5", By: mustMoney("2")}}},
		{"nothing of flags, codes and dates", "household.b && household.k == 'red' && household.d < household.e", "b=false k=blue d=2026-02-01 e=2026-01-01", 1, nil},
		{"a standard a head", "household.x < param.standard * household.size", "x=1700 residence=rural", 2,
			[]Distance{{Left: "household.x", Right: "param.standard * household.size", By: mustMoney("100"), Measure: "yuan", PerHead: amount("50"), PerHeadMeasure: "yuan", Persons: 2, Over: true}}},
		{"a yearly line of a monthly standard", "household.x < household.line", "x=21600 residence=rural", 2,
			[]Distance{{Left: "household.x", Right: "household.line", By: mustMoney("2400"), Measure: "yuan", PerHead: amount("100"), PerHeadMeasure: "yuan-per-month", Persons: 2, Over: true}}},
		{"a line of one person is told by the month", "household.x < household.line", "x=10800 residence=rural", 1,
			[]Distance{{Left: "household.x", Right: "household.line", By: mustMoney("1200"), Measure: "yuan", PerHead: amount("100"), PerHeadMeasure: "yuan-per-month", Persons: 1, Over: true}}},
		{"rounded to the fen", "household.x < household.line", "x=28900 residence=rural", 3,
			[]Distance{{Left: "household.x", Right: "household.line", By: mustMoney("100"), Measure: "yuan", PerHead: amount("2.78"), PerHeadMeasure: "yuan-per-month", Persons: 3, Over: true}}},
		{"the threshold on the left", "param.standard * household.size > household.x", "x=1700 residence=rural", 2,
			[]Distance{{Left: "param.standard * household.size", Right: "household.x", By: mustMoney("100"), Measure: "yuan", PerHead: amount("50"), PerHeadMeasure: "yuan", Persons: 2}}},
		{"a floor and the value missed alike are told once", "household.floor < household.line && household.x < household.line", "x=9700 residence=rural", 1,
			[]Distance{{Left: "household.x", Right: "household.line", By: mustMoney("100"), Measure: "yuan", PerHead: amount("8.33"), PerHeadMeasure: "yuan-per-month", Persons: 1, Over: true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := measuredPack()
			p.Programmes = []*pack.Programme{tinyProgramme(test.condition)}
			o := explained(t, p, "2026-06-01", test.household, slices.Repeat([]string{"b=true"}, test.members)...)
			failed := o.Failed.Tell()
			if o.Outcome != "ineligible" || len(failed) != 1 {
				t.Fatalf("is %s with %d failures", o.Outcome, len(failed))
			}
			if diff := cmp.Diff(test.want, failed[0].Distances.Tell()); diff != "" {
				t.Errorf("want − got +:\n%s", diff)
			}
		})
	}
}

func amount(s string) *money.Decimal {
	d := mustMoney(s)
	return &d
}

// measuredPack is the tiny pack in yuan and persons, with a line for a year.
func measuredPack() *pack.Pack {
	p := tinyPack()
	for _, f := range p.Facts {
		if f.Type == pack.Decimal {
			f.Measure = yuan
		}
	}
	p.Parameters[0].Measure = monthly
	variable := func(name, measure string, typ pack.Type, source string) {
		p.Variables = append(p.Variables, &pack.Variable{Unit: pack.Household, Name: name, Type: typ, Measure: measure,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: source}}}})
	}
	variable("size", "", pack.Int, "household.members.count(m, true)")
	variable("line", yuan, pack.Decimal, "param.standard * household.size * 12")
	variable("floor", "", pack.Decimal, "known(household.x) ? household.x : 0.0")
	return p
}

func TestMeasures(t *testing.T) {
	for source, want := range map[string]string{
		"household.x":                                          "yuan",
		"household.x + 1.0":                                    "yuan",
		"1.0 - household.x":                                    "yuan",
		"household.x * household.x":                            "",
		"household.x / household.y":                            "",
		"household.x * 0.5":                                    "yuan",
		"0.5 * household.x":                                    "yuan",
		"least(9.0, household.x)":                              "yuan",
		"round(household.x / 3, 2)":                            "yuan",
		"household.x / 12":                                     "yuan-per-month",
		"household.x / household.size":                         "yuan",
		"param.standard":                                       "yuan-per-month",
		"param.standard * household.size":                      "yuan-per-month",
		"household.size * param.standard":                      "yuan-per-month",
		"param.standard * household.size * 12":                 "yuan",
		"param.standard * 12.0":                                "yuan",
		"household.line":                                       "yuan",
		"household.floor":                                      "yuan",
		"household.size":                                       "persons",
		"household.members.sum(m, m.x)":                        "yuan",
		"household.members.max(m, m.x * 2)":                    "yuan",
		"household.b ? household.x : 0.0":                      "yuan",
		"household.x.or(0.0)":                                  "yuan",
		"years(household.d, on)":                               "years",
		"months(household.d, on)":                              "months",
		"days(household.d, on)":                                "days",
		"household.events.count(e, e.kind == 'fire')":          "",
		"household.i":                                          "",
		"household.i * household.size":                         "persons",
		"param.standard * (household.size + household.i)":      "yuan-per-month",
		"greatest(0.0, household.x - household.line) / 12":     "yuan-per-month",
		"household.members.count(m, m.b) * param.standard":     "yuan-per-month",
		"(household.line - household.x) / 12 * household.size": "yuan-per-month",
	} {
		p := measuredPack()
		typ := pack.Decimal
		if want == "persons" || want == "years" || want == "months" || want == "days" || want == "" && !strings.Contains(source, "x") {
			typ = pack.Int
		}
		p.Variables = append(p.Variables, &pack.Variable{Unit: pack.Household, Name: "result", Type: typ,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: source}}}})
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Errorf("%s: %v", source, faults)
			continue
		}
		plan := policy.On(mustDate("2026-06-01"), nil)
		if got := plan.measures[plan.variables["household.result"]]; got != want {
			t.Errorf("%s counts %q, want %q", source, got, want)
		}
	}
}

func TestNotInForce(t *testing.T) {
	span := func(from, to string) calendar.Span {
		s := calendar.Always()
		if from != "" {
			s.From = mustDate(from)
		}
		if to != "" {
			s.To = mustDate(to)
		}
		return s
	}
	rule := func(spans ...calendar.Span) *pack.Programme {
		q := tinyProgramme("household.b")
		q.Versions = nil
		for _, s := range spans {
			q.Versions = append(q.Versions, &pack.ProgrammeVersion{Span: s})
		}
		return q
	}
	for _, test := range []struct {
		name      string
		programme *pack.Programme
		household string
		want      []LapseReport
	}{
		{"not yet", rule(span("2026-07-01", "")), "", []LapseReport{{Kind: "programme", Path: "grant", Since: "2026-07-01"}}},
		{"no longer: the last day is told", rule(span("", "2026-06-01")), "", []LapseReport{{Kind: "programme", Path: "grant", Until: "2026-05-31"}}},
		{"between two rules", rule(span("", "2026-01-01"), span("2026-07-01", "2027-01-01"), span("2027-01-01", "")), "",
			[]LapseReport{{Kind: "programme", Path: "grant", Until: "2025-12-31", Since: "2026-07-01"}}},
		{"a figure that comes later", tinyProgramme("household.x < param.late"), "x=1", []LapseReport{{Kind: "parameter", Path: "param.late", Since: "2027-01-01"}}},
		{"each figure once", tinyProgramme("household.x < param.late", "household.x * 2.0 < param.late"), "x=1", []LapseReport{{Kind: "parameter", Path: "param.late", Since: "2027-01-01"}}},
		{"a figure of the household's place", tinyProgramme("household.x < param.standard * 0.5"), "x=1 residence=rural", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := askingPack()
			p.Programmes = []*pack.Programme{test.programme}
			on := "2026-06-01"
			o := explained(t, p, on, test.household)
			if want := test.want != nil; want != (o.Outcome == "not-in-force") {
				t.Errorf("is %s", o.Outcome)
			}
			got := slices.Clone(o.NotInForce.Tell())
			for i := range got {
				got[i].Name = Label{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want − got +:\n%s", diff)
			}
		})
	}
	t.Run("a standard before its first day", func(t *testing.T) {
		p := askingPack()
		p.Programmes = []*pack.Programme{tinyProgramme("household.x < param.standard")}
		o := explained(t, p, "2025-06-01", "x=1 residence=rural")
		if l := o.NotInForce.Tell(); len(l) != 1 || l[0].Path != "param.standard" || l[0].Since != "2026-01-01" || l[0].Until != "" {
			t.Errorf("lacks %+v", l)
		}
	})
}
