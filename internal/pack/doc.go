// Package pack reads a city's policy: a folder of YAML and CSV files.
//
// [Load] reads the whole folder and reports every fault at once, each with its file, line and column, what was found,
// what was expected and the nearest right name. What it returns is complete and consistent as data, but not yet
// compiled: expressions are still text, which package rules parses and checks.
//
// The shape of each kind of file is declared once, in shapes.go. The reader checks files against it, and the JSON
// Schemas for editors are made from it ([Schemas]).
//
// A file is read in two steps. Its shape is checked, so that whatever reads it may take what fits and pass over what does
// not. What it says of other files, that a department exists or a table has a value for every code, is checked when all
// of them have been read. One defect is one fault: what could not be read is not missed elsewhere.
//
// Every message has a broken pack in testdata/bad that shows it, and a test fails where one has none.
package pack
