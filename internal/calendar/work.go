package calendar

import (
	"time"

	"dajiuzhu/internal/fault"
)

// Year is the holidays of one year as its notice gives them.
type Year struct {
	Notice  string // 文号 or title of the State Council's notice
	Off     []Date // days off, weekends among them or not
	Working []Date // Saturdays and Sundays that work
}

// Work knows the working days of the years for which there is a notice. It is safe for concurrent use. The zero value
// and nil know no year.
type Work struct {
	notices map[int]string
	special map[Date]bool // days that the notices name: whether they work
}

var (
	undetermined = fault.Text{
		Key: "calendar.undetermined",
		Zh:  "无法确定：没有{year}年的节假日安排",
		En:  "undetermined: no holiday data for {year}",
	}
	otherYear = fault.Text{
		Key: "calendar.other-year",
		Zh:  "{date}不属于{year}年的节假日安排",
		En:  "{date} does not belong into the holidays of {year}",
	}
	notWeekend = fault.Text{
		Key: "calendar.not-weekend",
		Zh:  "调休上班日{date}不是星期六或星期日",
		En:  "{date} is listed as a working weekend but is no Saturday or Sunday",
	}
	offAndWorking = fault.Text{
		Key: "calendar.off-and-working",
		Zh:  "{date}既列为放假又列为上班",
		En:  "{date} is listed both as off and as working",
	}
)

// NewWork keeps the holidays of the given years. They should have passed [Year.Check].
func NewWork(years map[int]Year) *Work {
	w := &Work{notices: make(map[int]string, len(years)), special: map[Date]bool{}}
	for number, year := range years {
		w.notices[number] = year.Notice
		for _, d := range year.Off {
			w.special[d] = false
		}
		for _, d := range year.Working {
			w.special[d] = true
		}
	}
	return w
}

// Check returns what is wrong with the holidays of the given year: a day of another year, a working day that is no
// weekend, a day both off and working. The days of New Year may begin in December before.
func (y Year) Check(year int) fault.List {
	var faults fault.List
	add := func(text fault.Text, d Date) {
		faults = append(faults, fault.New(fault.Invalid, text, fault.Args{"date": d, "year": year}))
	}
	off := make(map[Date]bool, len(y.Off))
	for _, d := range y.Off {
		off[d] = true
		if !belongs(d, year) {
			add(otherYear, d)
		}
	}
	for _, d := range y.Working {
		if !belongs(d, year) {
			add(otherYear, d)
		}
		if !weekend(d) {
			add(notWeekend, d)
		}
		if off[d] {
			add(offAndWorking, d)
		}
	}
	return faults
}

func belongs(d Date, year int) bool {
	y, month, _ := d.YMD()
	return y == year || y == year-1 && month == time.December
}

func weekend(d Date) bool {
	day := d.Weekday()
	return day == time.Saturday || day == time.Sunday
}

// Notice is the notice that sets the year's holidays, false if there is none yet.
func (w *Work) Notice(year int) (string, bool) {
	if w == nil {
		return "", false
	}
	notice, ok := w.notices[year]
	return notice, ok
}

// IsWorking reports whether the day is a working day. The error is a fault of kind Unready if its year has no data.
func (w *Work) IsWorking(d Date) (bool, error) {
	year := d.Year()
	if _, ok := w.Notice(year); !ok {
		return false, fault.New(fault.Unready, undetermined, fault.Args{"year": year})
	}
	if works, ok := w.special[d]; ok {
		return works, nil
	}
	return !weekend(d), nil
}

// Add is the n-th working day after from, or before it if n is negative; from itself is not counted and need not be a
// working day. The error is a fault of kind Unready if the way leads through a year without data.
func (w *Work) Add(from Date, n int) (Date, error) {
	step := 1
	if n < 0 {
		step = -1
	}
	d := from
	for n != 0 {
		d = d.AddDays(step)
		works, err := w.IsWorking(d)
		if err != nil {
			return 0, err
		}
		if works {
			n -= step
		}
	}
	return d, nil
}

// Between is the number of working days after a up to and including b, so that Between(a, Add(a, n)) is n. If b is the
// earlier date, the result is that of the dates exchanged, negative.
func (w *Work) Between(a, b Date) (int, error) {
	if b < a {
		n, err := w.Between(b, a)
		return -n, err
	}
	n := 0
	for d := a; d < b; {
		d = d.AddDays(1)
		works, err := w.IsWorking(d)
		if err != nil {
			return 0, err
		}
		if works {
			n++
		}
	}
	return n, nil
}
