// Package desk is where everybody begins: what is due, what is over its limit and what is new to them, as counts that lead to the lists and the
// first rows of each.
//
// What stands on it, and in what order, is one table of roles; whose rows they are is row-level security's. The counts end at a hundred, since who
// has more to do begins at the top.
package desk
