package population_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// loneWoman is the smallest town: one person, one event.
var loneWoman = sync.OnceValue(func() *population.Columns {
	set, err := feed.Read(context.Background(), cityPolicy.Pack(), fstest.MapFS{
		"population-1.csv": {Data: []byte("id_no,name,hukou_no,relation,village\n" + id("1960-01-01", 2) + ",Ann,1,head," + village + "\n")},
		"disasters-1.csv":  {Data: []byte("no,id_no,kind,day,loss\n1," + id("1960-01-01", 2) + ",fire,2026-10-01,500\n")},
	}, feed.Options{})
	if err != nil {
		panic(err)
	}
	p, err := population.Build(cityPolicy, set, on)
	if err != nil {
		panic(err)
	}
	return p.Columns
})

// Tables with any bytes under a list that vouches for them: a fault or columns that can be read, and never a panic.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	if err := loneWoman().Save(filepath.Join(dir, "c")); err != nil {
		f.Fatal(err)
	}
	whole := os.DirFS(filepath.Join(dir, "c"))
	tables := []string{"households.parquet", "persons.parquet", "household-events.parquet", "household-names.parquet", "person-names.parquet"}
	for i, name := range tables {
		table, err := fs.ReadFile(whole, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), table)
		f.Add(uint8(i), table[:len(table)/2])
	}
	f.Fuzz(func(t *testing.T, table uint8, content []byte) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, whole); err != nil {
			t.Fatal(err)
		}
		replace(t, dir, tables[int(table)%len(tables)], content)
		c, err := population.Load(cityPolicy, dir)
		if err != nil {
			return
		}
		for chunk := range c.Chunks() {
			c.Fill(chunk, &rules.Batch{})
		}
		if names, err := c.Names(); err == nil {
			for h := range c.Households() {
				names.Household(h)
			}
		}
	})
}
