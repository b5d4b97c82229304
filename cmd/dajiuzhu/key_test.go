package main

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/packs"
)

// notSealed are the columns of bytes that hold nothing sealed and are no digests by their name: hashes, salts, and what is public.
var notSealed = []string{
	"act.salt", "attempt.subject", "batch.content", "credential.handle", "decision.facts", "finding.kept", "page_once.form", "page_once.key", "passkey.id", "report_rate.sender",
	"staged_finding.kept", "tree_head.hashes", "tree_head.root",
}

// TestSealedColumnsAreListed: every column in which something may be sealed is walked when keys change, and every one that is listed is there.
func TestSealedColumnsAreListed(t *testing.T) {
	db := postgrestest.New(t)
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Own().Query(t.Context(), `select table_name || '.' || column_name from information_schema.columns
		where table_schema = 'public' and data_type = 'bytea' and table_name not like 'river\_%' and column_name not in ('_key', '_content')
		and column_name not like '%digest' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, c := range sealedColumns(p) {
		listed = append(listed, c.Name())
		if !slices.Contains(there, c.Name()) {
			t.Errorf("%s is listed as sealed and is no column of bytes", c.Name())
		}
	}
	for _, name := range there {
		if !slices.Contains(listed, name) && !slices.Contains(notSealed, name) {
			t.Errorf("%s is not walked when keys change: list it in its package's SealedColumns, or here as what holds nothing sealed", name)
		}
	}
}
