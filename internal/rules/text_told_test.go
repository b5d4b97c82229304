package rules_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// probe is a formula of a person, and how it reads. A list is told as "head / part / part", its own lists in brackets.
type probe struct{ typ, formula, zh, en string }

var probes = []probe{
	// Statements.
	{"bool", "person.local", "本地户籍", "Registered here"},
	{"bool", "!person.local", "并非“本地户籍”", `not "Registered here"`},
	{"bool", "person.local && person.probe0", "本地户籍，并且“试，或者不试”", `Registered here, and "Try, or not"`},
	{"bool", "person.local && person.married", "本地户籍，并且已婚", "Registered here, and Married"},
	{"bool", "person.local && person.married && person.gravely_ill",
		"以下各项都符合： / 本地户籍 / 已婚 / 重病", "all of these: / Registered here / Married / Gravely ill"},
	{"bool", "person.local || person.married && person.gravely_ill", "以下任何一项符合即可： / 本地户籍 / 已婚，并且重病",
		"any one of these: / Registered here / Married, and Gravely ill"},
	{"bool", "!(person.local && person.married)", "下面的情形除外： / 本地户籍，并且已婚", "not where: / Registered here, and Married"},
	{"bool", "person.local ? person.married : person.gravely_ill",
		"按情形判断： / [如果符合： / 本地户籍] / [就要符合： / 已婚] / [否则要符合： / 重病]",
		"by the case: / [if this holds: / Registered here] / [then this has to hold: / Married] / [and otherwise this: / Gravely ill]"},
	{"bool", "known(person.local)", "“本地户籍”已经查明", `"Registered here" is known`},
	{"bool", "!known(person.local)", "“本地户籍”尚未查明", `"Registered here" is not known`},
	{"bool", "household.holds('minimum')", "家庭正在享受“最低生活保障”", "the household has Minimum living allowance"},
	{"bool", "!person.holds('minimum-alone')", "没有在享受“最低生活保障（单人户）”", "does not have Minimum living allowance for one"},

	// Comparisons, as written and turned round.
	{"bool", "person.age >= 60", "年龄已满 60 岁", "Age is not below 60 years"},
	{"bool", "person.age < 18", "年龄不满 18 岁", "Age is below 18 years"},
	{"bool", "18 > person.age", "年龄不满 18 岁", "Age is below 18 years"},
	{"bool", "!(person.age < 18)", "年龄已满 18 岁", "Age is not below 18 years"},
	{"bool", "person.age != 18", "年龄不等于 18 岁", "Age is not equal to 18 years"},
	{"bool", "person.wage_month > 10000.0", "月工资超过 10,000 元/月", "Monthly wage is above 10,000 yuan a month"},
	{"bool", "household.deposits <= param.standard", "存款不超过低保标准", "Deposits is not above Minimum standard"},
	{"bool", "person.birth < date('1960-01-01')", "出生日期早于1960年1月1日", "Date of birth is before 1960-01-01"},
	{"bool", "person.insured == 'none'", "参保类型是“未参保”", `Insurance is "none"`},
	{"bool", "person.insured != 'none'", "参保类型不是“未参保”", `Insurance is not "none"`},
	{"bool", "person.stage in ['able', 'half', 'unable']", "自理能力是“自理”、“半失能”或“失能”", `Self-care is "able", "half able" or "unable"`},
	{"bool", "'leukaemia' in person.diagnoses", "病种包括“白血病”", `Diagnoses includes "leukaemia"`},
	{"bool", "'leukaemia' in person.diagnoses || 'uraemia' in person.diagnoses", "病种包括“白血病”或“尿毒症”", `Diagnoses includes "leukaemia" or "uraemia"`},

	// Calculations: brackets only where they are needed, limits in words.
	{"decimal", "param.standard * 12", "低保标准 × 12", "Minimum standard × 12"},
	{"decimal", "(param.standard - person.wage_month) / 12", "（低保标准 − 月工资） ÷ 12", "(Minimum standard − Monthly wage) ÷ 12"},
	{"decimal", "param.standard - (person.wage_month - 5.0)", "低保标准 − （月工资 − 5）", "Minimum standard − (Monthly wage − 5)"},
	{"decimal", "param.standard - person.wage_month - 5.0", "低保标准 − 月工资 − 5", "Minimum standard − Monthly wage − 5"},
	{"decimal", "greatest(0.0, param.standard - person.wage_month)", "低保标准 − 月工资，不足 0 的按 0 计", "Minimum standard − Monthly wage, but not below 0"},
	{"decimal", "least(100.0, person.wage_month)", "月工资，最多为 100", "Monthly wage, but not above 100"},
	{"decimal", "least(param.standard, person.wage_month) * 2", "（低保标准 与 月工资 两者中较小的） × 2", "(the lesser of Minimum standard and Monthly wage) × 2"},
	{"decimal", "round(person.wage_month, 2)", "月工资（四舍五入到小数点后 2 位）", "Monthly wage (rounded to 2 digits)"},
	{"decimal", "param.care['half']", "半失能的照料护理标准", "Care standard (half able)"},
	{"decimal", "param.care[person.stage]", "照料护理标准（按“自理能力”查表）", "Care standard (by Self-care)"},
	{"decimal", "param.repaid.band(person.medical_own_12m)", "救助额（按“近12个月自付医疗费”所在的档）", "What is repaid (in the band of Own medical cost, last 12 months)"},
	{"decimal", "person.wage_month.or(0.0)", "月工资（不知道时按 0 计）", "Monthly wage (0 if not known)"},
	{"decimal", "known(person.wage_month) ? person.wage_month : 0.0", "月工资（未查明的按 0 计）", "Monthly wage (0 where not known)"},
	{"decimal", "person.local ? 1.0 : person.married ? 2.0 : 3.0", "按情形定： / 本地户籍的：1 / 已婚的：2 / 其他情形：3",
		"by the case: / where Registered here: 1 / where Married: 2 / otherwise: 3"},
	{"decimal", "person.wage_month + (person.local ? param.standard : 0.0)", "以下各项相加减： / 加：月工资 / 本地户籍的，加：低保标准",
		"the sum of: / plus Monthly wage / where Registered here, plus Minimum standard"},
	{"int", "years(person.birth, on)", "出生日期到当日的周年数", "the full years from Date of birth to the day"},

	// Folds.
	{"bool", "household.members.exists(m, m.gravely_ill)", "有家庭成员符合“重病”", "some member of the household meets: Gravely ill"},
	{"bool", "!household.members.exists(m, m.gravely_ill)", "没有家庭成员符合“重病”", "no member of the household meets: Gravely ill"},
	{"bool", "household.members.exists(m, m.local && m.age < 18)", "有家庭成员同时符合： / 本地户籍 / 年龄不满 18 岁",
		"some member of the household meets all of this: / Registered here / Age is below 18 years"},
	{"bool", "household.members.all(m, m.local || m.married)", "每名家庭成员都至少符合一项： / 本地户籍 / 已婚",
		"every member of the household meets any of this: / Registered here / Married"},
	{"int", "household.members.count(m, true)", "家庭成员数", "how many members of the household there are"},
	{"int", "household.members.count(m, m.insured == 'none')", "符合“参保类型是‘未参保’”的家庭成员数", `how many members of the household meet: Insurance is "none"`},
	{"decimal", "household.members.sum(m, m.wage_month)", "各家庭成员的月工资之和", "the sum of Monthly wage of the members of the household"},
	{"decimal", "household.members.sum(m, m.local ? m.wage_month : 0.0)", "符合“本地户籍”的家庭成员的月工资之和",
		"the sum of Monthly wage of the members of the household where Registered here"},
	{"decimal", "household.members.max(m, m.wage_month * 12)", "各家庭成员的（月工资 × 12）中最大的", "the greatest (Monthly wage × 12) of the members of the household"},
	{"bool", "household.events.exists(e, e.kind == 'fire' && days(e.from, on) >= 0)", "有事件同时符合： / 事件种类是“火灾” / 发生日期不晚于当日",
		`some event meets all of this: / kind of event is "fire" / from is not after the day`},
}

// probed is the small pack with each probe as a variable.
func probed(t *testing.T) *rules.Policy {
	t.Helper()
	files := fstest.MapFS{}
	good := os.DirFS("../pack/testdata/good")
	err := fs.WalkDir(good, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(good, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, p := range probes {
		fmt.Fprintf(&b, "- {variable: person.probe%d, name: {zh: 试，或者不试, en: \"Try, or not\"}, type: %s, value: %q, status: assumed, why: {zh: 试, en: A probe}}\n", i, p.typ, p.formula)
	}
	files["variables/probes.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	p, faults := pack.Load(files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

func TestTell(t *testing.T) {
	policy := probed(t)
	for _, v := range policy.Pack().Variables {
		var i int
		if _, err := fmt.Sscanf(v.Name, "probe%d", &i); err != nil {
			continue
		}
		p := probes[i]
		for lang, want := range map[fault.Lang]string{fault.Zh: p.zh, fault.En: p.en} {
			if got := flat(*policy.Tell(v.Versions[0].Value, lang, nil)); got != want {
				t.Errorf("%s\n is %q\nwant %q", p.formula, got, want)
			}
		}
	}
}

// flat is a formula in words on one line.
func flat(told rules.Told) string {
	parts := []string{told.Text}
	for _, below := range told.Below {
		part := flat(below)
		if len(below.Below) > 0 {
			part = "[" + part + "]"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " / ")
}

func TestTellNamesEverything(t *testing.T) {
	policy := probed(t)
	var named []string
	for _, v := range policy.Pack().Variables {
		if v.Name != "gravely_ill" && v.Name != "income_month" {
			continue
		}
		for _, version := range v.Versions {
			policy.Tell(version.Value, fault.En, func(n rules.Named) string {
				named = append(named, n.Kind+" "+n.Path)
				return "[" + n.Label.En + "]"
			})
		}
	}
	for _, want := range []string{"fact person.diagnoses", "fact person.wage_month", "variable person.gravely_ill"} {
		if !strings.Contains(strings.Join(named, "\n"), want) {
			t.Errorf("%s was not named: %v", want, named)
		}
	}
	if told := policy.Tell(pack.Expr{}, fault.En, nil); told != nil {
		t.Errorf("an absent formula is %v", told)
	}
}

func TestReads(t *testing.T) {
	policy := probed(t)
	type reading struct{ facts, variables, parameters, codes, held []string }
	read := func(formula string) (r reading) {
		for i, p := range probes {
			if p.formula != formula {
				continue
			}
			for _, v := range policy.Pack().Variables {
				if v.Name != fmt.Sprintf("probe%d", i) {
					continue
				}
				got := policy.Reads(v.Versions[0].Value)
				for _, f := range got.Facts {
					r.facts = append(r.facts, f.Path())
				}
				for _, v := range got.Variables {
					r.variables = append(r.variables, v.Path())
				}
				for _, q := range got.Parameters {
					r.parameters, r.codes = append(r.parameters, q.Parameter.Name), append(r.codes, q.Codes...)
				}
				for _, q := range got.Held {
					r.held = append(r.held, q.ID)
				}
			}
		}
		return r
	}
	for formula, want := range map[string]reading{
		"person.local && person.married && person.gravely_ill": {facts: []string{"person.local", "person.married"}, variables: []string{"person.gravely_ill"}},
		"household.holds('minimum')":                           {held: []string{"minimum"}},
		"param.care['half']":                                   {parameters: []string{"care"}, codes: []string{"half"}},
		"param.care[person.stage]":                             {facts: []string{"person.stage"}, parameters: []string{"care"}},
		"household.members.sum(m, m.wage_month)":               {facts: []string{"person.wage_month"}},
	} {
		if diff := cmp.Diff(want, read(formula), cmp.AllowUnexported(reading{})); diff != "" {
			t.Errorf("%s: want −, got +\n%s", formula, diff)
		}
	}
}
