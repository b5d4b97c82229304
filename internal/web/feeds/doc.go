// Package feeds is the pages on what departments deliver: how each feed stands, what was sent and what became of it, what a batch would change, and the
// rows that wait to be mended; and the door by which programs deliver.
//
//	pages, err := feeds.New(feeds.Deps{DB: db, Pack: pack, Record: record, Uploads: uploads, Access: access, Queue: queue})
//	site, err := web.New(config, pages)
//
// Whose feeds somebody sees is row-level security's. What the platform's own role asks and does for somebody, such as the difference of a batch or its
// promotion, is done only after the batch was read in the visitor's own name. What is sent is on the disk until the job [ingest.TakeUpload] takes it in.
package feeds
