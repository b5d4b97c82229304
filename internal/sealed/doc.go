// Package sealed keeps what must not lie open: identity numbers, phones, bank accounts, diagnoses.
//
// [Keys] seals a field with AES-256-GCM under the newest of several keys and opens it under whichever it was sealed with. The name of the
// field is bound into it, so a phone that was copied into the column of an account does not open, and with [In] the row. What is searched for has a
// keyed digest beside it, under a key of its own.
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
// [AddKey] adds a key to the file. Programs that start from then on seal with it, and old values still open; [Keys.Renew] walks the tables and
// seals anew what is not [Keys.Current]. When nothing is left under the old key, [DropKey] removes it. Package rekey sees to it that nobody
// seals with the old one any more.
//
// The digest key is for good: by its digests persons are known, each once, and between two keys the same number would be two persons'. It tells
// nothing of what is sealed; what [Keys.Digests] makes of several is for who must leave a digest key that became known, with everything at rest.
package sealed

// PersonNumber is the field of a person's identity number, wherever it is kept, so that its digests can be compared.
const PersonNumber = "person.number"
