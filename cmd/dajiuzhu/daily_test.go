package main

import (
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// A figure that lapses is told 90, 30 and 7 days ahead, under what it is called, and not while something follows it.
func TestLapsesAreTold(t *testing.T) {
	last := calendar.Must(2026, 12, 31)
	value := func(from, to calendar.Date) *pack.ParameterValue {
		return &pack.ParameterValue{Area: 371400_000000, Span: calendar.Span{From: from, To: to}}
	}
	p := &pack.Pack{Parameters: []*pack.Parameter{
		{Name: "standard", Label: pack.Text{Zh: "标准", En: "standard"}, Values: []*pack.ParameterValue{value(calendar.Must(2026, 1, 1), last.AddDays(1))}},
		{Name: "followed", Values: []*pack.ParameterValue{value(calendar.Must(2026, 1, 1), last.AddDays(1)), value(last.AddDays(1), calendar.Forever)}},
	}}
	for ahead, want := range map[int]int{100: 0, 89: 90, 31: 90, 29: 30, 8: 30, 6: 7, 0: 7, -1: 0} {
		all := lapseNotices(p, last.AddDays(-ahead))
		if want == 0 {
			if len(all) != 0 {
				t.Errorf("%d days ahead: %+v", ahead, all)
			}
			continue
		}
		if len(all) != 1 || all[0].Step != want || !strings.Contains(all[0].Zh, "“标准”") || all[0].Due != last {
			t.Errorf("%d days ahead: %+v, want step %d", ahead, all, want)
		}
	}
}
