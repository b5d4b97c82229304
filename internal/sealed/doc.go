// Package sealed keeps what must not lie open: identity numbers, phones, bank accounts, diagnoses.
//
// [Keys] seals a field with AES-256-GCM under the newest of several keys and opens it under whichever it was sealed with. The name of the
// field is bound into it, so a phone that was copied into the column of an account does not open. What is searched for has a keyed
// digest beside it, under a key of its own.
//
//	keys, err := sealed.LoadKeys("data/keys")
//	row.phone = keys.Seal("person.phone", "13800001234")
//	row.phoneDigest = keys.Digest("person.phone", "13800001234")
//
// [Secret] is such a value in memory. However it is printed, logged, marshalled or put on a page, it shows its mask; [Secret.Plain] is the
// only way to the whole of it.
//
// # A new key
//
// [AddKey] adds a key to the file. After the next start new values are sealed with it and old ones still open; [Keys.Renew] then
// walks the tables and seals anew what is not [Keys.Current]. When nothing is left under the old key, [DropKey] removes it.
//
// A new digest key takes the same road: while two are loaded, [Keys.Digest] makes the newest one's and [Keys.Digests] both, so whoever
// searches compares with any of them, and whoever inserts looks first. The walk writes each digest anew from the opened value.
package sealed

// PersonNumber is the field of a person's identity number, wherever it is kept, so that its digests can be compared.
const PersonNumber = "person.number"
