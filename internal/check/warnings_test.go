package check_test

import (
	"testing"

	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
)

// TestWarningsWithoutCases: a rule without a case that fires, or without one that must not, is told in both languages.
func TestWarningsWithoutCases(t *testing.T) {
	const linkage = "cases/warnings/linkage.yaml"
	const newRule = `rules:
  - warning: anybody
    name: {zh: 任何人, en: Anybody}
    unit: person
    when: person.alive
    level: blue
    route: township
    due: 5
    quiet: 30
    evidence: [person.age]
    status: assumed
    why: {zh: 试验, en: A test}
`
	for _, c := range []struct {
		why, file, from, to string
		zh, en              string
	}{
		{"no case", "warnings/linkage.yaml", "rules:\n", newRule, "预警 anybody（任何人）没有案例", "warning anybody (Anybody) has no case"},
		{"never fires", linkage, "warnings: [sudden-illness]", `warnings: ["-fire"]`,
			"预警 sudden-illness（突发重病）没有应当触发的案例", "warning sudden-illness (Sudden grave illness) has no case in which it must fire"},
		{"never silent", linkage, `warnings: ["-sudden-illness"]`, `warnings: ["-fire"]`,
			"预警 sudden-illness（突发重病）没有不应触发的案例", "warning sudden-illness (Sudden grave illness) has no case in which it must be silent"},
	} {
		thin := check.Survey(dezhou(t, map[string][2]string{c.file: {c.from, c.to}}).Pack()).Thin
		if len(thin) != 1 {
			t.Errorf("%s: %d rules are told, want 1", c.why, len(thin))
			continue
		}
		if zh, en := thin[0].Message(fault.Zh), thin[0].Message(fault.En); zh != c.zh || en != c.en {
			t.Errorf("%s:\n got %s\n and %s\nwant %s\n and %s", c.why, zh, en, c.zh, c.en)
		}
	}
}
