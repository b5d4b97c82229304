package ingest_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
)

// twoFeeds is the pack with the feeds that the drawn deliveries are of: one with a sealed column, and one whose rows are about two persons.
func twoFeeds() *pack.Pack {
	p := *dezhou()
	p.Feeds = nil
	for _, f := range dezhou().Feeds {
		if f.ID == "two-cancers" || f.ID == "marriages" {
			p.Feeds = append(p.Feeds, f)
		}
	}
	return &p
}

// number is the identity number of one of a few invented people.
func number(i int) string {
	n, ok := idno.Make("371499", calendar.Must(1980, 1, 1).AddDays(i), 2*i)
	if !ok {
		panic("no number")
	}
	return n.Plain()
}

func day(n int) string { return calendar.Must(2026, 10, 1).AddDays(n).String() }

// drawn is one delivery, as files of a folder.
type drawn struct {
	name  string
	files fstest.MapFS
}

// drawDelivery draws a delivery: few keys, few contents, few days and areas, so that deliveries meet; some rows and some manifests are wrong.
func drawDelivery(t *rapid.T, i int) drawn {
	of := rapid.SampledFrom([]string{"two-cancers", "marriages"}).Draw(t, "feed")
	var rows []string
	for range rapid.IntRange(0, 5).Draw(t, "rows") {
		rows = append(rows, drawRow(t, of))
	}
	name := fmt.Sprintf("%s-%d", of, i)
	header := map[string]string{
		"two-cancers": "record_no,id_no,name,invasive,helped,registered_on",
		"marriages":   "certificate_no,husband_id,wife_id,status,registered_on",
	}[of]
	csv := header + "\n" + strings.Join(rows, "\n") + "\n"
	files := fstest.MapFS{name + ".csv": {Data: []byte(csv)}}
	if rapid.IntRange(0, 5).Draw(t, "stray") == 0 {
		return drawn{name + ".csv", files}
	}
	count := func() int {
		if rapid.IntRange(0, 6).Draw(t, "unbalanced") == 0 {
			return len(rows) + 1
		}
		return len(rows)
	}
	listed := []any{map[string]any{"name": name + ".csv", "rows": count()}}
	if rapid.IntRange(0, 2).Draw(t, "second") == 0 { // of two files one may be of use alone
		rows = []string{drawRow(t, of), drawRow(t, of)}
		head := header
		if rapid.IntRange(0, 4).Draw(t, "drifted") == 0 {
			head = strings.Replace(header, "registered_on", "registered", 1)
		}
		files[name+"-b.csv"] = &fstest.MapFile{Data: []byte(head + "\n" + strings.Join(rows, "\n") + "\n")}
		listed = append(listed, map[string]any{"name": name + "-b.csv", "rows": count()})
	}
	from := rapid.IntRange(0, 2).Draw(t, "from")
	manifest, err := json.Marshal(map[string]any{
		"feed": of, "delivered": day(rapid.IntRange(5, 8).Draw(t, "delivered")), "from": day(from), "to": day(from + rapid.IntRange(1, 3).Draw(t, "days")),
		"areas": rapid.SampledFrom([][]string{{"3714"}, {"371424"}, {"371424", "371482"}}).Draw(t, "areas"),
		"files": listed,
	})
	if err != nil {
		panic(err)
	}
	files[name+".manifest.json"] = &fstest.MapFile{Data: manifest}
	return drawn{name + ".manifest.json", files}
}

func drawRow(t *rapid.T, of string) string {
	key := rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "key")
	person := func() string {
		if rapid.IntRange(0, 8).Draw(t, "bad") == 0 {
			return rapid.SampledFrom([]string{"", "37149919800101000", "371499198001010000"}).Draw(t, "wrong")
		}
		return number(rapid.IntRange(1, 3).Draw(t, "person"))
	}
	if of == "marriages" {
		return strings.Join([]string{key, person(), person(), rapid.SampledFrom([]string{"married", "divorced"}).Draw(t, "status"), day(0)}, ",")
	}
	return strings.Join([]string{key, person(), "王 芳", rapid.SampledFrom([]string{"是", "否"}).Draw(t, "invasive"), "否", day(0)}, ",")
}

// together is the folder that holds several deliveries.
func together(deliveries []drawn) fs.FS {
	all := fstest.MapFS{}
	for _, d := range deliveries {
		maps.Copy(all, d.files)
	}
	return all
}

// Whatever comes in whatever order, and whatever is taken back, the record is what a folder of all that counts would be.
func TestTheRecordIsTheFolder(t *testing.T) {
	p := twoFeeds()
	r, db := newRecord(t, p)
	rapid.Check(t, func(rt *rapid.T) {
		empty(t, db)
		var deliveries []drawn
		for i := range rapid.IntRange(1, 7).Draw(rt, "deliveries") {
			d := drawDelivery(rt, i)
			deliveries = append(deliveries, d)
			imported(t, r, d.files)
			if rapid.IntRange(0, 3).Draw(rt, "undo") == 0 {
				deliveries = undoLast(t, r, db, deliveries)
			}
		}
		if len(deliveries) > 0 {
			compare(rt, whole(rt, r, db), readBy(rt, p, together(deliveries)))
		}
	})
}

// empty takes everything out of a record of [twoFeeds].
func empty(t *testing.T, db *postgres.DB) {
	t.Helper()
	_, err := db.Own().Exec(t.Context(), "truncate batch, batch_file, quarantine, row_aside, touched, feed_two_cancers, feed_marriages")
	if err != nil {
		t.Fatal(err)
	}
}

// undoLast takes back what was last promoted, on which nothing can stand.
func undoLast(t *testing.T, r *ingest.Record, db *postgres.DB, deliveries []drawn) []drawn {
	t.Helper()
	var id int64
	var name string
	err := db.Own().QueryRow(t.Context(), "select id, name from batch where state = 'promoted' order by promoted_as desc limit 1").Scan(&id, &name)
	if err != nil {
		return deliveries // all of them stopped
	}
	if err := r.Undo(t.Context(), 1, id); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(deliveries, func(d drawn) bool { return d.name == name })
}
