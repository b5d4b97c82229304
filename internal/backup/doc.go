// Package backup writes the whole database to one file and makes it again from one.
//
// [Write] copies every table in one snapshot while the platform runs; it needs no program of PostgreSQL. The file is a ZIP of the tables as
// COPY writes them, with a manifest of the database's form, the pack, and each table's rows and SHA-256. What is sealed in the database is
// sealed in the file, and the keys are not in it: without its key file a backup's sealed fields do not open.
//
// [Restore] takes an empty database only, and takes all of the file or nothing: a file that is damaged, cut off, or of a newer form is
// refused.
package backup
