package ingest_test

import (
	"testing"

	"dajiuzhu/internal/ingest"
)

// However tables are filled, with their indexes on or before these are made, the record is the folder, and stays so when it comes again.
func TestImportTwice(t *testing.T) {
	for name, large := range map[string]int64{"row by row": 1 << 40, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			defer ingest.SetLargeLoad(ingest.SetLargeLoad(large))
			importTwice(t)
		})
	}
}

func importTwice(t *testing.T) {
	r, db := newRecord(t, dezhou())
	folder := county(t, 2000)
	for _, o := range imported(t, r, folder) {
		if o.State != ingest.Promoted || o.Known {
			t.Errorf("%s: %s, known %t", o.Name, o.State, o.Known)
		}
	}
	want := read(t, folder)
	compare(t, whole(t, r, db), want)
	for _, o := range imported(t, r, folder) {
		if !o.Known {
			t.Errorf("%s is not known again", o.Name)
		}
	}
	compare(t, whole(t, r, db), want)
}

// Rows with one key in deliveries that fill a table at once are settled as any others.
func TestLoadSettles(t *testing.T) {
	defer ingest.SetLargeLoad(ingest.SetLargeLoad(0))
	r, db := newRecord(t, twoFeeds())
	a, b := number(1), number(2)
	folder := together([]drawn{
		{files: delivery(t, "two-cancers-1", "2026-10-01", "A,"+a+",王芳,是,否,2026-05-01", "B,"+b+",李秀,是,否,2026-05-01")},
		{files: delivery(t, "two-cancers-2", "2026-10-01", "A,"+a+",王芳,否,否,2026-05-01", "B,"+b+",李秀,是,否,2026-05-01")},
		{files: delivery(t, "two-cancers-3", "2026-09-01", "C,"+a+",王芳,是,否,2026-05-01")},
	})
	imported(t, r, folder)
	compare(t, whole(t, r, db), readBy(t, twoFeeds(), folder))
	var indexes int
	if err := db.Own().QueryRow(t.Context(), "select count(*) from pg_indexes where tablename = 'feed_two_cancers'").Scan(&indexes); err != nil || indexes != 4 {
		t.Errorf("%d indexes, %v", indexes, err)
	}
}
