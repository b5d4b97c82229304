// Package exchange hands people to other programs, and takes them from them, as a stream of Apache Arrow.
//
// A row is a household with everything that is known of it: its own facts, its members with theirs, those who owe it support, and
// events, as lists. Whoever has many counties, such as an engine that spreads work over machines, can cut such a table anywhere
// between households and have each part screened by this program:
//
//	WritePeople(w, policy, people)            the people as a stream
//	reader, err := NewReader(policy, r)       a stream as batches, one after the other
//
// Null is unknown, which is neither false nor 0. The schema must be exactly that of the pack; a column that is missing or has
// another type is refused, so that nothing is taken for unknown that was merely forgotten.
package exchange
