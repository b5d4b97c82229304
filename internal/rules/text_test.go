package rules

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// kindsPack has a programme of every kind that a plan can hold, and one of every outcome.
func kindsPack() *pack.Pack {
	p := askingPack()
	p.Name = pack.Text{Zh: "试验政策包", En: "a pack for tests"}
	p.Departments = []*pack.Department{{ID: "office", Names: []pack.DatedText{{Span: calendar.Always(), Name: pack.Text{Zh: "民政局", En: "Civil affairs bureau"}}}}}
	add := func(id, zh, en string, change func(q *pack.Programme, v *pack.ProgrammeVersion), conditions ...string) {
		q := tinyProgramme(conditions...)
		q.ID, q.Name, q.Department, q.DecidedBy = id, pack.Text{Zh: zh, En: en}, "office", "township"
		v := q.Versions[0]
		for _, c := range v.Conditions {
			c.Say = pack.Text{Zh: "条件" + c.ID, En: "condition " + c.ID}
		}
		change(q, v)
		p.Programmes = append(p.Programmes, q)
	}
	money := func(parts ...string) func(*pack.Programme, *pack.ProgrammeVersion) {
		return func(_ *pack.Programme, v *pack.ProgrammeVersion) {
			for _, part := range parts {
				name, amount, _ := strings.Cut(part, "=")
				v.Components = append(v.Components, &pack.Component{ID: name, Name: pack.Text{Zh: "部分" + name, En: "part " + name},
					Amount: pack.Expr{Source: amount}, Per: "month", Rounding: "fen-half-up"})
			}
		}
	}
	add("living", "生活补助", "living aid", money("a=household.x", "b=household.x * 0.5", "zero=household.x - household.x"), "household.b")
	add("lesser", "小额补助", "lesser aid", func(q *pack.Programme, v *pack.ProgrammeVersion) {
		money("a=10.0")(q, v)
		q.Excludes = []string{"living"}
	}, "household.b")
	add("service", "上门服务", "home help", func(q *pack.Programme, v *pack.ProgrammeVersion) {
		q.Aid, q.DecidedBy = "service", "county:office"
		q.Documents = []pack.Document{{Name: pack.Text{Zh: "申请表", En: "form"}}, {Name: pack.Text{Zh: "户口簿", En: "booklet"}, Held: "registry"}}
		v.Components = []*pack.Component{{ID: "visits", Name: pack.Text{Zh: "每周两次", En: "twice a week"}}}
	}, "household.b")
	add("fund", "慈善资助", "charity", func(q *pack.Programme, v *pack.ProgrammeVersion) {
		money("a=3000.0")(q, v)
		q.Entitlement, q.DecidedBy, v.Components[0].Per = false, "fund", "once"
	}, "household.b")
	add("either", "集中供养", "care in a home", func(q *pack.Programme, v *pack.ProgrammeVersion) {
		money("a=household.x")(q, v)
		q.Choice = []string{"or"}
	}, "household.b")
	add("or", "分散供养", "care at home", money("a=household.x * 0.9"), "household.b")
	add("open-amount", "租房补贴", "rent", money("a=household.y"), "household.b")
	add("likely", "核对项目", "checked aid", money("a=1.0"), "household.b", "consent: household.a")
	add("possible", "待问项目", "open aid", money("a=1.0"), "household.b", "household.c && household.i > 1")
	add("refused", "不符项目", "refused aid", money("a=1.0"), "household.x < 50.0", "!household.b")
	add("broken", "出错项目", "broken aid", money("a=1.0"), "household.x / (household.x - household.x) > 1.0")
	add("later", "未施行项目", "later aid", money("a=1.0"), "household.x < param.late")
	add("gone", "已废止项目", "former aid", func(_ *pack.Programme, v *pack.ProgrammeVersion) { v.Span = calendar.Until(mustDate("2026-01-01")) }, "household.b")
	return p
}

// TestTextOfKinds holds the text of every kind of programme and outcome to the golden files.
func TestTextOfKinds(t *testing.T) {
	p := kindsPack()
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, test := range []struct {
		name  string
		batch func(*Batch)
	}{
		{"kinds", func(b *Batch) {
			held, _ := policy.world.layout.Programme("service")
			b.Household.Held[held].Set(0, 1)
		}},
		{"collective", func(b *Batch) { b.Collective.Set(0) }},
	} {
		b := tinyBatch(t, policy.world, "b=true x=100 residence=rural", []string{"", ""})
		test.batch(b)
		d := policy.On(mustDate("2026-06-01"), nil).Explain(Subject{Batch: b, Persons: []string{"甲", "乙"}, Simulated: true})
		for _, lang := range []fault.Lang{fault.Zh, fault.En} {
			file := "testdata/determination/" + test.name + "." + string(lang) + ".txt"
			got := d.Text(p, lang)
			if flag.Lookup("update").Value.String() == "true" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s, file − program +:\n%s", file, diff)
			}
		}
	}
}

func TestMeasuredText(t *testing.T) {
	for _, test := range []struct{ number, measure, zh, en string }{
		{"1166.67", "yuan", "1,166.67 元", "1,166.67 yuan"},
		{"1166.666667", "yuan", "1,166.67 元", "1,166.67 yuan"},
		{"924", "yuan-per-month", "924.00 元/月", "924.00 yuan a month"},
		{"0.7", "share", "70%", "70%"},
		{"0.333333", "share", "33.33%", "33.33%"},
		{"70", "years", "70 岁", "70 years"},
		{"41.76", "square-metres", "41.76 平方米", "41.76 m²"},
		{"1.5", "multiple", "1.5 倍", "1.5 times"},
		{"39.619408", "points", "39.62 分", "39.62 points"},
		{"20", "yuan-per-hour", "20.00 元/小时", "20.00 yuan an hour"},
		{"2", "thirds", "2/3", "2/3"},
		{"0.123456", "", "0.12", "0.12"},
		{"-3", "", "-3", "-3"},
	} {
		for lang, want := range map[fault.Lang]string{fault.Zh: test.zh, fault.En: test.en} {
			w := &writer{lang: lang}
			if got := w.measured(mustMoney(test.number), test.measure); got != want {
				t.Errorf("%s %s is %q, want %q", test.number, test.measure, got, want)
			}
		}
	}
}

// TestMeasuresHaveNames: a number whose unit nobody knows is printed without it, and could be anything.
func TestMeasuresHaveNames(t *testing.T) {
	bare := []string{"", "share", "share-of-standard", "coefficient"} // read without a unit
	p := dezhou(t)
	check := func(what, measure string) {
		if _, ok := measureNames[measure]; !ok && !slices.Contains(bare, measure) {
			t.Errorf("%s is counted in %q, which has no name", what, measure)
		}
	}
	for _, f := range p.Facts {
		check(f.Path(), f.Measure)
	}
	for _, q := range p.Parameters {
		check("param."+q.Name, q.Measure)
	}
	for _, v := range p.Variables {
		check(v.Path(), v.Measure)
	}
}

func TestSpanText(t *testing.T) {
	day := mustDate
	for _, test := range []struct {
		span calendar.Span
		zh   string
	}{
		{calendar.Always(), "长期"},
		{calendar.Since(day("2021-07-01")), "2021年7月1日起"},
		{calendar.Until(day("2021-07-01")), "至2021年6月30日"},
		{calendar.Span{From: day("2026-01-01"), To: day("2027-01-01")}, "2026年1月1日至2026年12月31日"},
		{calendar.Span{From: day("2026-01-01"), To: day("2026-01-02")}, "2026年1月1日"},
	} {
		if got := (&writer{lang: fault.Zh}).span(test.span.String()); got != test.zh {
			t.Errorf("%s is %q, want %q", test.span, got, test.zh)
		}
		if got := (&writer{lang: fault.En}).span(test.span.String()); got != test.span.String() {
			t.Errorf("%s is %q in English", test.span, got)
		}
	}
}

func TestLowered(t *testing.T) {
	for name, want := range map[string]string{
		"The household's standard": "the household's standard",
		"Medical aid":              "medical aid",
		"Little Angel - grant":     "Little Angel - grant",
		"DB standard":              "DB standard",
		"A":                        "a",
		"":                         "",
		"医疗救助":                     "医疗救助",
	} {
		if got := lowered(name); got != want {
			t.Errorf("%q is lowered to %q, want %q", name, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "低保": 4, "（低保）": 8, "1,166.67 元": 11, "每月 a": 6, "é": 1} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestCitations(t *testing.T) {
	w := &writer{lang: fault.Zh}
	got := w.citations([]Citation{{Document: "57号", Article: "第十三条"}, {Document: "办法"}, {Document: "57号", Article: "第十四条"}, {Document: "57号", Article: "第十三条"}, {Document: "办法"}})
	if want := "57号（第十三条、第十四条）；办法"; got != want {
		t.Errorf("is %q, want %q", got, want)
	}
}

// TestPlainly: a refusal that a person's own age or health alone explains is told in a line, one that money or somebody
// else has a part in is not.
func TestPlainly(t *testing.T) {
	for _, test := range []struct {
		name, condition, person string
		want                    bool
	}{
		{"own age", "person.i >= 60", "i=40", true},
		{"own flag", "person.b", "b=false", true},
		{"of && any own failure suffices", "person.b && person.x < 10.0", "b=false x=20", true},
		{"own money", "person.x < 10.0", "x=20", false},
		{"own money that is nothing", "person.x > 10.0", "x=0", true},
		{"of || every side has to be own", "person.b || person.x < 10.0", "b=false x=20", false},
		{"of || all own", "person.b || person.i >= 60", "b=false i=40", true},
		{"the household's", "household.b", "", false},
		{"others'", "household.members.exists(m, m.b)", "b=false", false},
		{"a not of the own", "!person.b", "b=true", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := measuredPack()
			q := tinyProgramme(test.condition)
			q.Unit = pack.Person
			p.Programmes = []*pack.Programme{q}
			for _, f := range p.Facts {
				f.Ask = pack.Text{}
			}
			policy, faults := Compile(p)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			b := tinyBatch(t, policy.world, "b=false", []string{test.person, "b=false"})
			d := policy.On(mustDate("2026-06-01"), nil).Explain(Subject{Batch: b, Persons: []string{"甲", "乙"}})
			if d.Outcomes[0].Outcome != "ineligible" {
				t.Fatalf("is %s", d.Outcomes[0].Outcome)
			}
			w := newWriter(d, p, fault.Zh, false)
			if got := w.plainly(&d.Outcomes[0]) != nil; got != test.want {
				t.Errorf("plainly of no concern: %v, want %v", got, test.want)
			}
		})
	}
}
