package discovery_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

var (
	on     = day("2026-11-01")
	dezhou = sync.OnceValue(func() *rules.Policy {
		p, faults := pack.Load(packs.Dezhou())
		if len(faults) > 0 {
			panic(faults)
		}
		policy, faults := rules.Compile(p)
		if len(faults) > 0 {
			panic(faults)
		}
		return policy
	})
)

func day(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// city is a record with an invented county in it.
type city struct {
	t          testing.TB
	db         *postgres.DB
	keys       *sealed.Keys
	record     *ingest.Record
	identities *registry.Identities
	discovery  *discovery.Discovery
	deliveries string
}

func newCity(t testing.TB, people int) *city {
	t.Helper()
	return cityIn(t, postgrestest.New(t), sealed.NewKeys(), people)
}

func cityIn(t testing.TB, db *postgres.DB, keys *sealed.Keys, people int) *city {
	t.Helper()
	c := &city{t: t, deliveries: t.TempDir()}
	p := dezhou().Pack()
	if _, err := synth.Write(t.Context(), p, c.deliveries, synth.Options{People: people, Seed: 5, On: on}); err != nil {
		t.Fatal(err)
	}
	if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
		t.Fatal(err)
	}
	return c.in(db, keys)
}

func (c *city) work(do func(tx pgx.Tx) error) {
	c.t.Helper()
	if err := c.db.Work(c.t.Context(), do); err != nil {
		c.t.Fatal(err)
	}
}

// bring imports a folder of deliveries.
func (c *city) bring(dir string) {
	c.t.Helper()
	outcomes, err := c.record.Import(c.t.Context(), os.DirFS(dir), ingest.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.State != ingest.Promoted {
			c.t.Fatalf("%s: %s", o.Name, o.State)
		}
	}
}

// warnings is the open ones, as "rule number": of a household the number of its head.
func (c *city) warnings() []string {
	c.t.Helper()
	var all []string
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(c.t.Context(), `select w.rule, coalesce(w.person, m.person) from warning w
			join membership m on m.household = w.household and m.to_date is null and m.head where w.state <> 'closed'`)
		if err != nil {
			return err
		}
		var rule string
		var person int64
		_, err = pgx.ForEachRow(rows, []any{&rule, &person}, func() error {
			n, _ := c.identities.Number(person)
			all = append(all, rule+" "+n.Plain())
			return nil
		})
		return err
	})
	slices.Sort(all)
	return all
}

// screened is the same of a screening of the files.
func screened(t testing.TB, dirs ...string) []string {
	t.Helper()
	files := t.TempDir()
	for i, dir := range dirs {
		if err := os.CopyFS(fmt.Sprintf("%s/%d", files, i), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := feed.Open(t.Context(), dezhou().Pack(), files, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	people, err := population.Build(dezhou(), set, on)
	if err != nil {
		t.Fatal(err)
	}
	plan := dezhou().On(on, nil)
	evaluator, none, kept, changes := plan.NewEvaluator(), &rules.Kept{}, &rules.Kept{}, &rules.Changes{}
	var all []string
	for c := range people.Compositions() {
		f, _ := people.Household(c.Key)
		evaluator.Redetermine(f.Batch, none, kept, changes)
		for rule, lane := range plan.Fired(kept) {
			w := dezhou().Warnings()[rule]
			if w.Unit == pack.Household {
				lane = c.Reference
			}
			all = append(all, w.ID+" "+f.Members[lane].ID.Plain())
		}
	}
	slices.Sort(all)
	return all
}

func TestRun(t *testing.T) {
	c := newCity(t, 2500)
	c.bring(c.deliveries)
	first, err := c.discovery.Run(t.Context(), on, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := screened(t, c.deliveries)
	if got := c.warnings(); !slices.Equal(got, want) {
		t.Errorf("the record warns otherwise than the files:\n%s", difference(want, got))
	}
	c.marksTheHardest()
	if first.Raised != int64(len(want)) || first.Closed != 0 || first.Changed != first.Households {
		t.Errorf("%+v, %d warnings", first, len(want))
	}
	var both sync.WaitGroup
	for range 2 { // one waits for the other
		both.Go(func() {
			if r, err := c.discovery.Run(t.Context(), on, nil); err != nil || r.Households != first.Households {
				t.Errorf("one of two runs at once: %+v, %v", r, err)
			}
		})
	}
	both.Wait()
	again, err := c.discovery.Run(t.Context(), on, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Changed+again.Raised+again.Closed+again.Updated+again.Outcomes != 0 || again.Households != first.Households {
		t.Errorf("the same again changes %+v", again)
	}
	for day, want := range map[calendar.Date]bool{on: true, on.AddDays(1): false} {
		if ran, err := c.discovery.Ran(t.Context(), day); err != nil || ran != want {
			t.Errorf("whether everybody was determined for %s: %v, %v", day, ran, err)
		}
	}
}

// marksTheHardest: those at least as hard as where the hardest of the county end are whom a screening of the files marks.
func (c *city) marksTheHardest() {
	c.t.Helper()
	set, err := feed.Open(c.t.Context(), dezhou().Pack(), c.deliveries, feed.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	people, err := population.Build(dezhou(), set, on)
	if err != nil {
		c.t.Fatal(err)
	}
	result, err := screening.Run(c.t.Context(), dezhou().On(on, nil), screening.Built{Population: people}, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	var ends map[area.Code]money.Decimal
	c.work(func(tx pgx.Tx) (err error) {
		ends, err = discovery.HardestEnds(c.t.Context(), tx)
		return err
	})
	marked := 0
	for h := range result.Ranking() {
		end, there := ends[h.Area.At(dezhou().Pack().Index.Hardest.Level)]
		if got := there && h.Score >= end; got != h.Hardest {
			c.t.Errorf("household %s of index %s: marked %v, by a screening %v", h.Key, h.Score, got, h.Hardest)
		}
		if h.Hardest {
			marked++
		}
	}
	if marked == 0 || len(ends) != 1 {
		c.t.Errorf("%d are marked, in %d counties", marked, len(ends))
	}
}

func difference(want, got []string) string {
	count := map[string]int{}
	for _, w := range want {
		count[w]--
	}
	for _, g := range got {
		count[g]++
	}
	var lines []string
	for _, w := range slices.Sorted(maps.Keys(count)) {
		if count[w] != 0 {
			lines = append(lines, fmt.Sprintf("%+d %s", count[w], w))
		}
	}
	return strings.Join(lines[:min(len(lines), 20)], "\n")
}

// touch marks persons as a promotion does.
func (c *city) touch(numbers ...string) {
	c.t.Helper()
	c.work(func(tx pgx.Tx) error {
		for _, number := range numbers {
			n, err := idno.Parse(number)
			if err != nil {
				return err
			}
			person, _ := c.identities.Find(n)
			if _, err := tx.Exec(c.t.Context(), "insert into touched (batch, person) select max(id), $1 from batch", person); err != nil {
				return err
			}
		}
		return nil
	})
}

// A settlement that arrives changes what its household comes to, and nobody else's: as if everybody had been determined anew.
func TestUpdate(t *testing.T) {
	c := newCity(t, 2500)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	before := c.warnings()
	more := t.TempDir()
	insured := c.insured(3)
	rows := "settlement_no,id_no,kind,settled_on,diagnosis,total,own_in_policy,own_total,status\n"
	for i, number := range insured {
		rows += fmt.Sprintf("X%d,%s,inpatient,2026-10-20,leukaemia,300000.00,120000.00,150000.00,valid\n", i, number)
	}
	if err := os.WriteFile(more+"/medical-settlement-more.csv", []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	c.bring(more)
	updated, err := c.discovery.Update(t.Context(), on)
	if err != nil {
		t.Fatal(err)
	}
	want := screened(t, c.deliveries, more)
	got := c.warnings()
	if !slices.Equal(got, want) {
		t.Errorf("the update warns otherwise than everybody anew:\n%s", difference(want, got))
	}
	if slices.Equal(before, want) || updated.Raised == 0 || updated.Persons != len(insured) || updated.Waiting != 0 {
		t.Errorf("%+v, and the warnings before are those after", updated)
	}
	run, err := c.discovery.Run(t.Context(), on, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run.Changed+run.Raised+run.Closed+run.Updated+run.Outcomes != 0 {
		t.Errorf("a run after the update still changes %+v", run)
	}
	if again, err := c.discovery.Update(t.Context(), on); err != nil || again.Persons != 0 {
		t.Errorf("nobody waits, and %+v was updated, %v", again, err)
	}
}

// insured is the numbers of some people of whom the register of insurance tells.
func (c *city) insured(n int) (numbers []string) {
	c.t.Helper()
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(c.t.Context(), `select distinct e.id_no from feed_medical_enrolment e join membership m on m.person = e.id_no and m.to_date is null
			and m.counted where not exists (select from feed_medical_settlement s where s.id_no = e.id_no) order by 1 limit $1`, n)
		if err != nil {
			return err
		}
		persons, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		for _, p := range persons {
			number, _ := c.identities.Number(p)
			numbers = append(numbers, number.Plain())
		}
		return err
	})
	return numbers
}

// The columns of the record are those of the files, and are made anew where somebody was touched and nowhere else.
func TestColumns(t *testing.T) {
	c := newCity(t, 1500)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	columns := func(on calendar.Date) int {
		t.Helper()
		made, err := c.discovery.Columns(t.Context(), on, dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(made)
	}
	if n := columns(on); n != 1 {
		t.Fatalf("%d counties were made, want the one that there is", n)
	}
	set, err := feed.Open(t.Context(), dezhou().Pack(), c.deliveries, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	people, err := population.Build(dezhou(), set, on)
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(t.TempDir(), "371424")
	if err := people.Columns.Save(want); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(want)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of columns, %v", len(files), err)
	}
	for _, file := range files {
		from, err := os.ReadFile(filepath.Join(want, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "371424", file.Name())); err != nil || !bytes.Equal(got, from) {
			t.Errorf("%s of the record is not that of the files: %d bytes and %d, %v", file.Name(), len(got), len(from), err)
		}
	}
	if n := columns(on); n != 0 {
		t.Errorf("nobody was touched, and %d counties were made", n)
	}
	c.touch(c.insured(1)...)
	if n := columns(on); n != 1 {
		t.Errorf("somebody was touched, and %d counties were made", n)
	}
	if n := columns(on + 1); n != 1 {
		t.Errorf("it is another day, and %d counties were made", n)
	}
}

// Whoever is no longer delivered in the register leaves his household, and where nobody is left the household ends.
func TestVanished(t *testing.T) {
	c := newCity(t, 600)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	var households, persons int
	c.work(func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), "select (select count(*) from household where to_date is null), (select count(*) from membership where to_date is null)").
			Scan(&households, &persons)
	})
	// The register as of the next day, without the members of one household.
	var gone []int64
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), "select person from membership where to_date is null and household = (select max(household) from warning)")
		if err != nil {
			return err
		}
		gone, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	c.work(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "delete from feed_population where id_no = any($1)", gone)
		return err
	})
	run, err := c.discovery.Run(t.Context(), on+1, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.work(func(tx pgx.Tx) error {
		var now, in, open int
		err := tx.QueryRow(t.Context(), `select (select count(*) from household where to_date is null), (select count(*) from membership where to_date is null),
			(select count(*) from warning w where state <> 'closed' and not exists (select from household h where h.id = w.household and h.to_date is null))`).
			Scan(&now, &in, &open)
		if now != households-1 || in != persons-len(gone) || open != 0 || run.Persons != int64(persons-len(gone)) {
			t.Errorf("%d households of %d, %d persons of %d, %d warnings of nobody, %+v", now, households, in, persons, open, run)
		}
		return err
	})
}

// A touch whose transaction ends after a run has read the record waits for the next update, although its id was given before.
func TestTouchThatComesLate(t *testing.T) {
	c := newCity(t, 600)
	c.bring(c.deliveries)
	const touch = "insert into touched (batch, person) select max(b.id), (select max(id_no) from feed_population) from batch b returning id"
	late, err := c.db.Worker().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback(t.Context())
	var lateID, id int64
	if err := late.QueryRow(t.Context(), touch).Scan(&lateID); err != nil {
		t.Fatal(err)
	}
	c.work(func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), touch).Scan(&id) })
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.work(func(tx pgx.Tx) error {
		var open []int64
		err := tx.QueryRow(t.Context(), "select array_agg(id) from touched where done_at is null").Scan(&open)
		if err == nil && !slices.Equal(open, []int64{lateID}) {
			t.Errorf("%v wait, of %d, which came late, and %d", open, lateID, id)
		}
		return err
	})
	if u, err := c.discovery.Update(t.Context(), on); err != nil || u.Persons != 1 {
		t.Errorf("the late touch is updated: %+v, %v", u, err)
	}
}

// What is said at a visit counts at the next update, and no longer once it is taken back.
func TestStatement(t *testing.T) {
	c := newCity(t, 600)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	people := registry.New(sealed.NewKeys())
	before := c.outcome("dibao")
	var household, said int64
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if household == 0 && before[id] == "possible" { // the registers leave open what else it lives on
			household = id
		}
	}
	c.work(func(tx pgx.Tx) (err error) {
		said, err = people.State(t.Context(), tx, dezhou().Pack(), registry.Statement{Unit: pack.Household, Of: household, Fact: "household.income_other_12m",
			Value: "900000.00", Holds: calendar.Since(on - 10), Source: registry.Visit, SaidBy: "户主", SaidOn: on - 10})
		return err
	})
	updated, err := c.discovery.Update(t.Context(), on)
	if err != nil || updated.Persons != 1 || updated.Changed == 0 {
		t.Fatalf("what was said changes nothing: %+v, %v", updated, err)
	}
	if after := c.outcome("dibao"); after[household] != "ineligible" {
		t.Errorf("the household came to %s, and with 900,000 yuan a year to %s", before[household], after[household])
	}
	c.work(func(tx pgx.Tx) error { return people.Withdraw(t.Context(), tx, said, "记错了户") })
	if _, err := c.discovery.Update(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	if after := c.outcome("dibao"); after[household] != before[household] {
		t.Errorf("after the withdrawal the household comes to %s, before it came to %s", after[household], before[household])
	}
}

// outcome is what each household came to for a programme of households, as it was last determined.
func (c *city) outcome(programme string) map[int64]string {
	c.t.Helper()
	plan := dezhou().On(on, nil)
	all := map[int64]string{}
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(c.t.Context(), "select household, kept from finding")
		if err != nil {
			return err
		}
		var household int64
		var bytes []byte
		_, err = pgx.ForEachRow(rows, []any{&household, &bytes}, func() error {
			var kept rules.Kept
			if err := kept.UnmarshalBinary(bytes); err != nil {
				return err
			}
			all[household] = plan.Outcome(&kept, programme).String()
			return nil
		})
		return err
	})
	return all
}

// What is said of somebody who is in no register, or lives in another county, keeps nobody else from being determined.
func TestStatementAboutAStranger(t *testing.T) {
	c := newCity(t, 600)
	c.bring(c.deliveries)
	stranger, ok := idno.Make("371499", day("1950-01-01"), 999)
	if !ok {
		t.Fatal("no such number")
	}
	if err := c.identities.Add(t.Context(), c.db, []idno.Number{stranger}); err != nil {
		t.Fatal(err)
	}
	person, _ := c.identities.Find(stranger)
	c.work(func(tx pgx.Tx) error {
		_, err := registry.New(sealed.NewKeys()).State(t.Context(), tx, dezhou().Pack(), registry.Statement{Unit: pack.Person, Of: person,
			Fact: "person.civil_incapacity", Value: true, Holds: calendar.Since(on - 10), Source: registry.Visit, SaidBy: "邻居", SaidOn: on - 10})
		return err
	})
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Error(err)
	}
	c.touch(stranger.Plain(), c.insured(1)[0])
	if u, err := c.discovery.Update(t.Context(), on); err != nil || u.Persons != 2 {
		t.Errorf("%+v, %v", u, err)
	}
}

// The hardest are in the order of their scores as numbers, page by page, of whatever area.
func TestHardest(t *testing.T) {
	c := newCity(t, 1500)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	var all []discovery.Hard
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), "select household, area, score::text as said from finding where score is not null order by score desc, household")
		if err != nil {
			return err
		}
		var said string
		var h discovery.Hard
		_, err = pgx.ForEachRow(rows, []any{&h.Household, (*int64)(&h.Area), &said}, func() (err error) {
			h.Score, err = money.Parse(said)
			all = append(all, h)
			return err
		})
		return err
	})
	ten := money.Must("10")
	if len(all) < 20 || all[0].Score <= ten || all[len(all)-1].Score >= ten {
		t.Fatalf("%d scores from %v to %v tell nothing of their order", len(all), all[0].Score, all[len(all)-1].Score)
	}
	for _, level := range []area.Level{area.City, area.County, area.Township, area.Village} {
		in := all[0].Area.At(level)
		var want, got []discovery.Hard
		for _, h := range all {
			if in.Contains(h.Area) {
				want = append(want, h)
			}
		}
		c.work(func(tx pgx.Tx) error {
			for page, after := 1, (discovery.Hard{}); page > 0; {
				some, err := discovery.Hardest(t.Context(), tx, in, after, 7)
				if err != nil {
					return err
				}
				if page = len(some); page > 0 {
					after = some[page-1]
				}
				got = append(got, some...)
			}
			return nil
		})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the pages hold %d of %d households, or in another order", in, len(got), len(want))
		}
	}
}
