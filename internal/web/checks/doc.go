// Package checks is the pages on checks of means (核对): who has authorised them on paper and until when, what was requested, what the report says,
// and what becomes of an objection.
//
//	pages, err := checks.New(checks.Deps{DB: db, Pack: pack, Means: means, Registry: registry})
//	site, err := web.New(config, pages)
//
// What may be done when is package means' to say, and the database's; whose checks somebody sees is row-level security's.
package checks
