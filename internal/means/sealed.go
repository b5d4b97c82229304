package means

import "dajiuzhu/internal/sealed"

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{{Table: "means_item", Key: "id", Sealed: "account_sealed", Field: accountField, Row: "id"}}
}
