package pack

import (
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var badYear = fault.Text{Key: "pack.year",
	Zh: "“{found}”不是年份，应写四位数字，如 2026", En: `"{found}" is not a year; write four digits such as 2026`}

// calendar reads the holidays, a mapping of years.
func (l *loader) calendar(name string, content []byte) {
	f, documents := l.onlyDocuments(name, content, true)
	years := map[int]calendar.Year{}
	for _, doc := range documents {
		if !f.checkMap(doc, &field{key: name, kind: kindMap, item: kindObject, of: yearShape}) {
			continue
		}
		for _, e := range (node{f, doc}).all() {
			l.year(e, years)
		}
	}
	l.pack.Calendar = calendar.NewWork(years)
}

func (l *loader) year(e entry, years map[int]calendar.Year) {
	number := atoi(e.key)
	if len(e.key) != 4 || number < 1800 || number > 2199 {
		l.fail(e.at.pos(), badYear, fault.Args{"found": fault.Excerpt(e.key)})
		return
	}
	year := calendar.Year{Notice: e.value.string("notice")}
	places := map[calendar.Date]Pos{}
	for _, item := range e.value.list("off") {
		for _, day := range l.daysOff(item) {
			year.Off, places[day] = append(year.Off, day), item.pos()
		}
	}
	for _, item := range e.value.list("working") {
		if day, err := calendar.Parse(item.n.Value); err == nil {
			year.Working, places[day] = append(year.Working, day), item.pos()
		}
	}
	for _, err := range year.Check(number) {
		day, _ := err.Args["date"].(calendar.Date)
		l.faults = append(l.faults, err.In(places[day].At()))
	}
	years[number] = year
}

// longestHoliday bounds the days of one holiday.
const longestHoliday = 60

var badHoliday = fault.Text{Key: "pack.holiday",
	Zh: "假期从 {from} 到 {to}：最后一天不能早于第一天，也不会长过 {longest} 天", En: "a holiday from {from} to {to}: the last day cannot come before the first, nor more than {longest} days after it"}

// daysOff is one day, or all days from a first to a last.
func (l *loader) daysOff(item node) []calendar.Date {
	if isDate(item.n.Value) {
		return []calendar.Date{dateOf(item.n.Value)}
	}
	if !isDate(item.string("from")) || !isDate(item.string("to")) {
		return nil // reported when the shape was checked
	}
	first, last := item.date("from"), item.date("to")
	if last < first || calendar.Days(first, last) > longestHoliday {
		l.fail(item.pos(), badHoliday, fault.Args{"from": first, "to": last, "longest": longestHoliday})
		return nil
	}
	var days []calendar.Date
	for d := first; d <= last; d++ {
		days = append(days, d)
	}
	return days
}
