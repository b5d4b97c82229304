// Package screening runs a policy over a whole population.
//
// [Run] evaluates every chunk of [People] on all processors and keeps what it comes to in a [Kept]: about a bit for a unit and
// programme, so that a city fits into memory. A [Result] ranks the households by difficulty within village, township, county and
// city, marks the hardest, and counts; who somebody is and what a warning rests on is looked up when it is read.
// [Result.Write] lays it down as CSV for people and Parquet for programs.
//
// The result is the same for any number of processors. The index orders work; nothing here refuses anybody.
package screening
