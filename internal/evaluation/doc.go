// Package evaluation holds a screening against labels of what is so in truth: does it find those who need help and have
// none?
//
//	labels, err := evaluation.ReadLabels(file, "labels.csv")
//	e, err := evaluation.New(plan)
//	e.Add(result, people, labels) // county by county; the population may be forgotten after it
//	report := e.Report()
//
// Labels come from whoever knows the truth: the generator of an invented city, or a survey that went from door to door. They
// never enter a screening, and nothing here changes one.
//
// # What is measured
//
// The missed-need pool is the households with a label "missed-need": somebody needs a programme and neither has it nor
// asked. [Reach] is how many of them are among the hardest of the ranking; [RuleReport] is how often a warning is right and
// how much of what it is meant to find it finds; [NeedReport] is what the programmes come to for those who need them, where a
// wrong "no" is the worst error and is counted by the condition that decided; [Rank] is how well the index orders households by
// severity. Which labels a rule is meant to find is data of the pack ([pack.Evaluation]); a rule without labels is named, with
// the reason.
//
// Every number is a count of households or persons, or a ratio of two counts. Each label that comes in is counted once: as
// matched or as set aside for a reason.
package evaluation
