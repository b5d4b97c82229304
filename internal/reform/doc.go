// Package reform reads a change of figures that somebody thinks of, such as "the standard rises by 5 %", and makes of it
// what package rules puts in the place of the pack's parameters.
//
//	changes, err := reform.Parse([]string{"dibao_standard=+5%", "nursing_allowance[grade-1]=120"})
//	overlay, err := reform.Overlay(pack, changes, reform.Scope{From: day, Area: county})
//
// Before the day from which a change holds, and outside its area, the pack's own values stay. The package is pure.
package reform
