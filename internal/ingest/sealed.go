package ingest

import (
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// quarantined is the place of a row in quarantine, as SQL.
const quarantined = "(file::bigint << 32) | row"

// SealedColumns are where the record keeps sealed values, those of the pack's feeds too, for [sealed.Keys.Renew].
func SealedColumns(p *pack.Pack) []sealed.Column {
	columns := []sealed.Column{
		{Table: "row_key", Key: "one::int", Sealed: "sealed", Field: rowKeyField},
		{Table: "quarantine", Key: "id", Sealed: "cells", Field: cellsField, Row: quarantined},
		{Table: "quarantine", Key: "id", Sealed: "delivered", Field: cellsField, Row: quarantined},
	}
	for _, f := range p.Feeds {
		for _, c := range f.Columns {
			if c.Sealed {
				columns = append(columns, sealed.Column{Table: string(tableOf(f)), Key: "_place", Sealed: c.Name, Field: sealedField(f, c), Row: "_place"})
			}
		}
	}
	return columns
}
