// Package calendar holds dates, spans of dates and working days.
//
// A [Date] is a number of days, so that columns of dates are columns of integers. There is no clock here: whoever
// needs today is given it.
//
// # Ages and months
//
// A year or a month is full on the day of the same number. Where the month lacks that day it is full on the first of
// the next month: someone born on 29 February is a year older on 1 March of a common year, and a month after 31 January
// is full on 1 March. [Years] and [Months] count by that rule, mirrored when the second date is the earlier one.
//
// [Date.AddMonths], which says when something ends or begins, stays in the month instead: a month after 31 January is the
// last day of February. The two therefore differ at month ends, each on purpose.
//
// # Spans
//
// A [Span] is half-open, [From, To), and is shown to people as its first and last day. [Beginning] and [Forever] stand
// for the ends that a span lacks.
//
// # Working days
//
// [Work] counts working days by the State Council's yearly notices (days off and weekends that work). The day on which
// a term starts is not counted. A year without a notice is never guessed from the days of the week: a term that runs
// into it is undetermined, and the fault says so.
package calendar
