package check

import (
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// WarningCoverage tells that a warning rule lacks a case: one in which it fires, or a near miss in which it must be silent.
// A rule that no case silences may fire on everybody, and nobody would see it.
type WarningCoverage struct {
	Rule   *pack.Warning
	Fires  int // cases in which it must fire
	Silent int // cases in which it must not
}

var (
	noWarningCase = fault.Text{Key: "check.warning-no-case",
		Zh: "预警 {warning}（{name}）没有案例", En: "warning {warning} ({name}) has no case"}
	neverFires = fault.Text{Key: "check.warning-never-fires",
		Zh: "预警 {warning}（{name}）没有应当触发的案例", En: "warning {warning} ({name}) has no case in which it must fire"}
	neverSilent = fault.Text{Key: "check.warning-never-silent",
		Zh: "预警 {warning}（{name}）没有不应触发的案例", En: "warning {warning} ({name}) has no case in which it must be silent"}
)

// Message says in a reader's language what is lacking.
func (w WarningCoverage) Message(lang fault.Lang) string {
	text := noWarningCase
	switch {
	case w.Fires > 0:
		text = neverSilent
	case w.Silent > 0:
		text = neverFires
	}
	return fault.New(fault.Invalid, text, fault.Args{"warning": w.Rule.ID, "name": w.Rule.Name.In(lang)}).Message(lang)
}

// thinWarnings lists the warning rules that lack a case, in the order of the pack.
func thinWarnings(p *pack.Pack) []WarningCoverage {
	fires, silent := map[string]int{}, map[string]int{}
	for _, c := range p.Cases {
		for _, w := range c.Expect.Warnings {
			if id, ok := strings.CutPrefix(w, "-"); ok {
				silent[id]++
			} else {
				fires[w]++
			}
		}
	}
	var thin []WarningCoverage
	for _, m := range p.Mechanisms {
		for _, w := range m.Rules {
			if fires[w.ID] == 0 || silent[w.ID] == 0 {
				thin = append(thin, WarningCoverage{Rule: w, Fires: fires[w.ID], Silent: silent[w.ID]})
			}
		}
	}
	return thin
}
