// Package screening runs a policy over a whole population.
//
// [Run] evaluates every batch of a population on all processors, ranks the households by difficulty within village,
// township, county and city, marks the hardest, and collects outcomes and warnings. [Result.Write] lays them down as CSV for
// people and Parquet for programs. The result is the same for any number of processors.
//
// The index orders work; nothing here refuses anybody.
package screening
