// Package library writes a compiled pack as a handbook for officers who are no programmers: what each programme gives, to
// whom, by which document, with which figures; what each department delivers; what is not found yet. Every page is there
// in Chinese (name.zh.md) and English (name.md).
//
// Nothing of a policy is written here by hand: [Pages] reads all of it from the pack, puts its formulas into words, and
// computes who counts for what by asking the engine. The same pack and day give the same bytes.
package library
