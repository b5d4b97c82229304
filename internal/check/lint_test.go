package check_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// found is the messages about something, in a language.
func found(list fault.List, name string, lang fault.Lang) []string {
	var all []string
	for _, f := range list {
		if f.Args["found"] == name {
			all = append(all, f.Message(lang))
		}
	}
	return all
}

// Each defect is told at its place in both languages, and nothing is told of the same name in the pack without it.
func TestAdvice(t *testing.T) {
	unchanged := check.Run(withCases(dezhou(t, nil)), on)
	for _, c := range []struct {
		why, file, before, after, name string
		unread                         bool
		en, zh                         string
	}{
		{why: "a condition that every figure meets", file: "programmes/red-cross/little-angel.yaml",
			before: "when: person.age <= param.little_angel_age", after: "when: param.little_angel_treatment > 0.0", name: "little-angel.age",
			en: `programmes/red-cross/little-angel.yaml:19:15: "little-angel.age" is true on every day of its version whatever the facts are: it decides nothing`,
			zh: "programmes/red-cross/little-angel.yaml:19:15: “little-angel.age”在这一版有效期内总是成立，不起作用"},
		{why: "a fact that no feed gives any more", file: "feeds/recognitions.yaml", before: "  person.recognised: {", after: "# person.recognised: {", name: "person.recognised",
			en: `facts/departments.yaml:5:3: rules read "person.recognised", and no feed, visit or declaration can supply it`,
			zh: "facts/departments.yaml:5:3: 规则用到“person.recognised”，却没有部门数据、走访或申报能提供它"},
		{why: "a figure that goes on", file: "parameters/red_cross.yaml", before: "    - {from: 2016-01-01, value: 30000.00,",
			after: "    - {from: 2027-01-01, value: 30000, status: assumed, why: {zh: 示例, en: Example}}\n    - {from: 2016-01-01, value: 30000.00,", name: "param.little_angel_treatment@371400",
			en: `parameters/red_cross.yaml:23:7: the version of "param.little_angel_treatment@371400" that begins on 2027-01-01 is the same as the one before`,
			zh: "parameters/red_cross.yaml:23:7: “param.little_angel_treatment@371400”从 2027-01-01 起的这一版与前一版相同"},
		{why: "another decider than the procedure's", file: "programmes/civil-affairs/dibao.yaml", before: "decided_by: township", after: "decided_by: fund", name: "dibao",
			en: `programmes/civil-affairs/dibao.yaml:1:1: "dibao" says decided_by: fund, and its procedure "dibao" is now decided by another: township`,
			zh: "programmes/civil-affairs/dibao.yaml:1:1: “dibao”写的是 decided_by: fund，办理程序“dibao”现在却由另一级（township）决定"},
		{why: "a fact without a use", file: "facts/departments.yaml", before: "- fact: person.recognised\n",
			after: "- fact: person.shoe_size\n  name: {zh: 鞋码, en: Shoe size}\n  type: int\n  trust: [visit]\n  ask: {zh: \"多大的鞋？\", en: \"Which size?\"}\n- fact: person.recognised\n", name: "person.shoe_size", unread: true,
			en: `facts/departments.yaml:5:3: no rule reads the fact "person.shoe_size"`,
			zh: "facts/departments.yaml:5:3: 没有规则用到事实“person.shoe_size”"},
		{why: "a variable without a use", file: "variables/groups.yaml", before: "- variable: ",
			after: "- variable: person.grown\n  name: {zh: 成年, en: Grown}\n  type: bool\n  value: person.age >= 18\n  status: assumed\n  why: {zh: 示例, en: Example}\n- variable: ", name: "person.grown", unread: true,
			en: `variables/groups.yaml:4:3: no rule and no case reads the variable "person.grown"`,
			zh: "variables/groups.yaml:4:3: 没有规则或案例用到变量“person.grown”"},
	} {
		of := func(r *check.Report, lang fault.Lang) string {
			if c.unread {
				return strings.Join(found(r.Unread, c.name, lang), "\n")
			}
			return strings.Join(found(r.Warnings, c.name, lang), "\n")
		}
		if without := of(unchanged, fault.En); without != "" {
			t.Errorf("%s: told of the pack without it: %s", c.why, without)
		}
		r := check.Run(withCases(dezhou(t, map[string][2]string{c.file: {c.before, c.after}})), on)
		if got := of(r, fault.En); got != c.en {
			t.Errorf("%s:\n got %s\nwant %s", c.why, got, c.en)
		}
		if got := of(r, fault.Zh); got != c.zh {
			t.Errorf("%s:\n got %s\nwant %s", c.why, got, c.zh)
		}
		if r.Advice() != len(r.Warnings)+len(r.Unread)+len(r.Unused) {
			t.Errorf("%s: %d counted", c.why, r.Advice())
		}
	}
}

// A version with another formula, another condition or a gap before it begins something.
func TestVersionsThatChangeSomething(t *testing.T) {
	const before = "    - {from: 2016-01-01, value: 30000.00,"
	r := check.Run(withCases(dezhou(t, map[string][2]string{"parameters/red_cross.yaml": {before, // a new rule keeps the grant as it is
		"    - {from: 2027-01-01, value: 30000.00, cite: [{document: 小天使基金新办法}]}\n" + before}})), on)
	for _, name := range []string{"dibao", "tekun", "param.dibao_standard[urban]@371400", "param.little_angel_treatment@371400", "person.unable_to_support"} {
		if told := found(r.Warnings, name, fault.En); len(told) > 0 {
			t.Error(told)
		}
	}
}

func TestSample(t *testing.T) {
	policy := dezhou(t, nil)
	p := policy.Pack()
	programme := func(id string) *pack.Programme {
		for _, q := range p.Programmes {
			if q.ID == id {
				return q
			}
		}
		t.Fatal(id)
		return nil
	}
	tally := func(id string, outcome rules.Outcome, n int) screening.Tally {
		tally := screening.Tally{Programme: programme(id)}
		tally.Outcomes[outcome] = n
		return tally
	}
	dibao := programme("dibao")
	conditions := dibao.Versions[len(dibao.Versions)-1].Conditions
	refused := tally("dibao", rules.Ineligible, 3)
	refused.Refused = make([]int, len(conditions))
	refused.Refused[0], refused.Refused[1] = 1, 2
	result := &screening.Result{Policy: policy, On: on,
		Programmes: []screening.Tally{refused, tally("tekun", rules.Possible, 1), tally("med-aid", rules.NotInForce, 2), tally("med-second", rules.Failed, 2)},
		Warned:     make([]int, len(policy.Warnings())),
	}
	for i := range policy.Warnings()[1:] {
		result.Warned[i+1] = 1
	}
	var got []string
	for _, f := range check.Sample(result) {
		got = append(got, f.Message(fault.En))
	}
	silent := policy.Warnings()[0]
	want := []string{
		`programmes/civil-affairs/dibao.yaml:1:1: nobody in the sample may get "dibao"; of 3 units most fail "` + conditions[1].ID + `" (2)`,
		`programmes/medical-insurance/med-aid.yaml:1:1: "med-aid" is not in force on that day`,
		`programmes/medical-insurance/med-second.yaml:1:1: nobody in the sample may get "med-second": none of its 2 units came to a result`,
		silent.Pos.At().String() + `: the warning "` + silent.ID + `" fires for nobody in the sample`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
