// Package pack reads a city's policy: a folder of YAML and CSV files.
//
// [Load] reads the whole folder and reports every fault at once, each with its file, line and column, what was found,
// what was expected and the nearest right name. What it returns is complete and consistent as data, but not yet
// compiled: expressions are still text, which package rules parses and checks.
//
// The shape of each kind of file is declared once, in shapes.go. The reader checks files against it, and the JSON
// Schemas for editors are made from it ([Schemas]).
package pack
