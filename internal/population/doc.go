// Package population turns what was delivered, or what one dossier says, into columns of people and households.
//
// [FromDossier] reads a household as an officer or a case writes it down. [Build] reads a whole delivery: it matches
// rows to people, derives each person's facts, decides where "nothing recorded" means "none", composes households and
// lays them out as narrow columns. Both end in batches of package rules, so one household is evaluated as a city is.
//
// # Columns
//
// [Columns] is a county in some eighty bytes a person, chunk by chunk of whole households. A worker fills one batch of its own
// with chunk after chunk:
//
//	columns, err := population.Load(policy, "columns/371424")
//	batch := &rules.Batch{}
//	for chunk := range columns.Chunks() {
//		columns.Fill(chunk, batch)
//		results := evaluator.Evaluate(batch)
//	}
//
// [Columns.Save] writes them as Parquet tables, which [Load] reads, whole or not at all. Who people are stands apart, in
// [Names], and is read when it is asked for.
//
// # None, and not known
//
// A person without a row in a feed has "none" only if the world is closed there: the feed was delivered whole for the
// person's area and for the period, is fresh, covers the person, and none of the person's rows was set aside. In
// every other case the value is unknown. A sum over the rows of a person who has some is unknown too where one of the
// person's rows was set aside. A row whose person cannot be told counts against everybody whose number is one slip of
// the pen away or whose name it has, and, where a feed has too many such rows, against everybody.
//
// # Who belongs together
//
// The pack's links join persons by marriage, parentage and booklet. What is not known does not join: it leaves a doubt, and the
// doubt names its reason. Who counts and who does not is asked of everybody; who may or may not counts, with a doubt.
//
// The package has no clock: the date of evaluation is an argument. The same input gives the same columns, and those the same bytes.
package population
