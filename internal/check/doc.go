// Package check tells whether a policy pack does what its cases say.
//
// [Run] determines every case of a pack twice, with narrowing and without, compares both with what the case expects, and
// counts what the cases cover, how sure the pack's figures are, and what lapses soon.
package check
