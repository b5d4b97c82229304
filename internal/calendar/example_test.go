package calendar_test

import (
	"fmt"
	"time"

	"dajiuzhu/internal/calendar"
)

func Example() {
	born := calendar.Must(2008, time.February, 29)
	fmt.Println(calendar.Years(born, calendar.Must(2026, time.February, 28)), calendar.Years(born, calendar.Must(2026, time.March, 1)))

	standard := calendar.Span{From: calendar.Must(2024, time.January, 1), To: calendar.Must(2025, time.January, 1)}
	fmt.Println(standard)
	fmt.Println(standard.Zh())
	// Output:
	// 17 18
	// 2024-01-01 – 2024-12-31
	// 2024年1月1日至2024年12月31日
}

func ExampleWork_Add() {
	work := calendar.NewWork(map[int]calendar.Year{2026: {Notice: "国务院办公厅关于2026年部分节假日安排的通知"}})
	fmt.Println(work.Add(calendar.Must(2026, time.November, 2), 10))
	_, err := work.Add(calendar.Must(2026, time.December, 18), 10)
	fmt.Println(err)
	// Output:
	// 2026-11-16 <nil>
	// undetermined: no holiday data for 2027
}
