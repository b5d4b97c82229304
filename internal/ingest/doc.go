// Package ingest takes what departments deliver into the record, and gives it back.
//
//	if err := ingest.ApplyPack(ctx, db.Own(), pack); err != nil { … } // a table for each feed of the pack; at every start
//	record := ingest.New(db, pack, identities, keys)
//	outcomes, err := record.Import(ctx, os.DirFS("deliveries"), ingest.Options{Workers: 2, Account: account})
//	for _, o := range outcomes {
//		fmt.Println(o.Name, o.State, o.Known) // "stopped": record.Batch says why; Known: nothing new
//	}
//
// Deliveries come by a folder that is given ([Record.Import]) or watched ([Watch]), or are received ([Record.Receive]) from a page or the API.
//
// # A delivery becomes a batch
//
// A manifest with its files, or a file without a manifest, is one [Batch], known by its content: the same again is nothing new. It is staged:
// its rows are read, held to the pack, matched to people and copied beside those in use. A file that does not balance, or is no longer what the pack
// says, is not used, with the reasons, the column or the code by name; the others of its delivery are, as package feed has it: the delivery is then
// not whole and says nothing by its silence. A batch of which no file can be used is stopped. With [Options.Hold] a staged batch waits for somebody
// who looks at [Record.Difference] and calls [Record.Promote] or [Record.Discard].
//
// Promoting is one transaction. It writes down whom it touches, persons one by one or everybody in an area, for whoever determines them
// again, and records the act. [Record.Undo] takes a promoted batch out of use as if it had never come, unless a later one stands on its rows; what
// waits in its quarantine waits there still.
//
// Rows that cannot be used wait in the quarantine with their reasons. They are downloaded ([Record.Download]), mended and sent again
// ([Record.Resubmit]); a good one takes the place in its file that it would have had.
//
// What is broken off, by a fault or by the end of the machine, leaves nothing half done: import again. [Record.Recover] clears what remained.
//
// # One meaning
//
// What is used of all deliveries together is what package feed says of a folder that holds them all: which delivery replaces
// which, which of the rows with one key counts, what is contradicted. [Record.Set] gives the record back as such a set: whole, of an
// area ([Record.SetIn]) or of some persons, beside all deliveries, so that silence means the same in each.
//
// # Tables
//
// Each feed has a table feed_…, a typed column for each of its columns. Identity numbers are person ids there, columns that the pack calls
// sealed are encrypted, amounts are exact numerics. A row never changes: its place is its file, in the upper 32 bits, and its number there. It
// counts while its batch is promoted and not replaced and nothing in row_aside speaks against it. It bears keyed digests of its key and of its
// content, by which rows are known again though what is sealed never looks the same twice.
package ingest
