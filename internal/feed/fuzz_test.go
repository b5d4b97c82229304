package feed_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

// fuzzFile reads arbitrary bytes as a file of one format: nothing panics, nothing is lost, and the Chinese message of every
// fault can be written.
func fuzzFile(f *testing.F, name string, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	p := medical()
	f.Fuzz(func(t *testing.T, content []byte) {
		set, err := feed.Read(t.Context(), p, fstest.MapFS{name: {Data: content}}, feed.Options{Row: 1 << 12, Unzipped: 1 << 24})
		if err != nil {
			t.Fatal(err)
		}
		if err := set.Check(); err != nil {
			t.Fatal(err)
		}
		for _, x := range set.Faults {
			_ = x.Message(fault.Zh)
		}
		for _, r := range set.Rejects {
			_ = r.Message(fault.Zh)
		}
		for _, table := range set.Tables {
			for row := range table.Len() {
				_ = table.Cells(row)
			}
		}
	})
}

func FuzzCSV(f *testing.F) {
	plain := csvOf(names, rows())
	fuzzFile(f, "medical.csv", plain, bytes.ReplaceAll(plain, []byte("张"), []byte("\xd5\xc5")), append([]byte("\xef\xbb\xbf"), plain...),
		[]byte("no,id_no,settled_on\n\"a\"\"b\",\"\r\n\",\"\"x\n"))
}

func FuzzJSON(f *testing.F) {
	fuzzFile(f, "medical.jsonl", jsonOf(f, names, rows()), []byte(`{"no":"a","no":[1],"own":1e5}`))
}

func FuzzXLSX(f *testing.F) { fuzzFile(f, "medical.xlsx", xlsxOf(f, names, rows())) }

func FuzzParquet(f *testing.F) { fuzzFile(f, "medical.parquet", parquetOf(f, rows())) }

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"feed":"medical","delivered":"2026-11-05","from":"2025-01-01","to":"2026-11-01","areas":["371424"],"files":[{"name":"medical.csv","rows":3}]}`))
	f.Add([]byte(`{"files":[{"name":"..","sums":{"own":"1"}},{"name":"a\u0000"}]}`))
	p, data := medical(), csvOf(names, rows())
	f.Fuzz(func(t *testing.T, content []byte) {
		set, err := feed.Read(t.Context(), p, fstest.MapFS{"a.manifest.json": {Data: content}, "medical.csv": {Data: data}}, feed.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := set.Check(); err != nil {
			t.Fatal(err)
		}
		for _, x := range set.Faults {
			_ = x.Message(fault.Zh)
		}
	})
}
