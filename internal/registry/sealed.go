package registry

import "dajiuzhu/internal/sealed"

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew]. They are bound to no row: who somebody is is not known yet
// where a register's rows are sealed. Each is held against the digest beside it.
func SealedColumns() []sealed.Column {
	return []sealed.Column{
		{Table: "person", Key: "id", Sealed: "number_sealed", Digest: "number_digest", Field: numberField},
		{Table: "person", Key: "id", Sealed: "phone_sealed", Digest: "phone_digest", Field: phoneField},
	}
}
