// Package rules turns a policy pack into decisions.
//
// A pack's expressions go through one pipeline, once per pack:
//
//	text → parse → number literals with a point become exact decimals → check in an environment that
//	allows only the pack language → elaborate (coercions made explicit, codes checked) → typed terms
//
// and, once per date, the terms of the rules in force on that date become one hash-consed graph: a
// subexpression used by ten programmes is one node and is computed once.
//
// The graph is evaluated over a [Batch] of whole households, a node at a time, a lane a unit. A lane is
// known, unknown, in error, or not in force; the four states combine as the pack language says.
// [Plan.Evaluate] narrows: a programme stops at a unit's first false condition and keeps it as the witness.
// [Plan.Explain] is the same graph with narrowing off, on a batch of one household, and keeps every value that its
// reasons can show. The reasons themselves are made when somebody reads them: see [Asked].
//
// The package is pure: no clock, no files, no randomness. A [Policy] and a [Plan] are safe for concurrent use.
package rules
