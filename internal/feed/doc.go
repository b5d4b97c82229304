// Package feed reads what departments deliver: a folder of files, each beside a manifest that says what it is.
//
//	set, err := feed.Open(ctx, pack, "deliveries/2026-11", feed.Options{})
//	for _, r := range set.Rejects {
//		fmt.Println(r.Message(fault.Zh)) // medical-2026-10.csv 第17行 字段own_in_policy: …
//	}
//	fmt.Println(set.Counts()) // rows in = used + rejected
//
// Files are CSV (UTF-8 with or without a byte order mark, or GB18030), XLSX, JSON lines or Parquet; all give the same rows.
// A header names a column by its id or by its Chinese name. Every row is held to the feed's columns: a bad row becomes a
// [Reject] with its reasons and as it was delivered, so that it can be mended and sent again; the good rows go in.
//
// # What a manifest promises
//
// A [Delivery] says whose data it is, for which areas, over which days. Its files must have as many rows and the sums
// that it says; a file that does not balance is refused whole, and its delivery closes no world. A later delivery that
// covers all areas and days of an earlier one replaces it. A file without a manifest is read if its name begins with a
// feed's id, and closes no world either.
//
// # The same row again
//
// Rows with equal keys are the same row (without key columns, rows that are equal throughout). Of equal ones the one
// delivered last stays; of different ones too, if one was delivered later than the others. Different rows with one key in
// deliveries of the same day contradict each other: none is used. A correction within a delivery is therefore a row
// with its own key, such as a reversal with a negative amount, which a column without a minimum allows.
//
// # Foreign bytes
//
// Files come from outside. Lines are bounded, archives too; rows are read one by one; no formula is ever computed: a text
// that begins with =, +, - or @ is kept as the text it is, and counted in [File.Formulas], for whoever writes it to a file
// that a spreadsheet opens. Paths in manifests stay in their folder.
//
// Rows are kept as typed columns, not as objects: a [Table] a feed.
package feed
