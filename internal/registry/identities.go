package registry

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// Identities is everybody's identity number in memory, by which rows are matched in bulk: some thirty bytes a person. It holds opened
// numbers, as a set of deliveries does, and prints none. It is safe for concurrent use.
type Identities struct {
	keys *sealed.Keys
	mu   sync.RWMutex
	seed maphash.Seed
	// people are by slot; a slot is taken for good.
	people []identity
	// table finds the slot, plus one, of a number: open addressing, a power of two, at most half full.
	table []uint32
	// slots finds the slot, plus one, of a person: ids are given in sequence, so few places stay empty.
	slots []uint32
	upTo  int64 // persons up to this one were read
}

type identity struct {
	number     idno.Number
	person     int64
	home       area.Code
	survivor   int64 // whom the person was merged into, 0 if none
	registered bool
}

// LoadIdentities reads everybody's number, and opens it.
func LoadIdentities(ctx context.Context, tx pgx.Tx, keys *sealed.Keys) (*Identities, error) {
	i := &Identities{keys: keys, seed: maphash.MakeSeed()}
	var count int
	if err := tx.QueryRow(ctx, "select count(*) from person where number_sealed is not null").Scan(&count); err != nil {
		return nil, fmt.Errorf("counting persons: %w", err)
	}
	i.people = make([]identity, 0, count+count/16)
	i.grow(count + count/16)
	if err := i.read(ctx, tx, 0); err != nil {
		return nil, err
	}
	return i, nil
}

// Refresh reads the persons that others, such as another process, added since the last time, and nothing of those known before.
func (i *Identities) Refresh(ctx context.Context, tx pgx.Tx) error {
	i.mu.RLock()
	after := i.upTo
	i.mu.RUnlock()
	return i.read(ctx, tx, after)
}

// Reread reads persons anew whose home, registration or merging changed. It is called once what changed them is committed.
func (i *Identities) Reread(ctx context.Context, tx pgx.Tx, persons []int64) error {
	rows, err := tx.Query(ctx, `select id, number_sealed, area, coalesce(merged_into, 0), registered from person
		where number_sealed is not null and id = any($1) order by id`, persons)
	return i.takeAll(rows, err)
}

// sealedIdentity is a row as the database gives it.
type sealedIdentity struct {
	identity
	sealed []byte
}

// read takes in the persons after one.
func (i *Identities) read(ctx context.Context, tx pgx.Tx, after int64) error {
	rows, err := tx.Query(ctx, `select id, number_sealed, area, coalesce(merged_into, 0), registered from person
		where number_sealed is not null and id > $1 order by id`, after)
	return i.takeAll(rows, err)
}

func (i *Identities) takeAll(rows pgx.Rows, err error) error {
	if err != nil {
		return failed("reading identity numbers", err)
	}
	defer rows.Close()
	const atOnce = 1 << 14
	piece := make([]sealedIdentity, 0, atOnce)
	for rows.Next() {
		var s sealedIdentity
		if err := rows.Scan(&s.person, &s.sealed, &s.home, &s.survivor, &s.registered); err != nil {
			return failed("reading identity numbers", err)
		}
		if piece = append(piece, s); len(piece) == atOnce {
			if err := i.take(piece); err != nil {
				return err
			}
			piece = piece[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return failed("reading identity numbers", err)
	}
	return i.take(piece)
}

// take opens the numbers of a piece, on all processors, and remembers them in their order.
func (i *Identities) take(piece []sealedIdentity) error {
	workers := runtime.GOMAXPROCS(0)
	faults := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { faults[w] = i.open(piece[len(piece)*w/workers : len(piece)*(w+1)/workers]) })
	}
	wg.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range piece {
		i.remember(s.identity)
		i.upTo = max(i.upTo, s.person)
	}
	return nil
}

func (i *Identities) open(piece []sealedIdentity) error {
	for n := range piece {
		plain, err := i.keys.Open(numberField, piece[n].sealed)
		if err != nil {
			return fmt.Errorf("opening the number of person %d: %w", piece[n].person, err)
		}
		if piece[n].number, err = idno.Parse(plain); err != nil {
			return fmt.Errorf("reading the number of person %d: %w", piece[n].person, err)
		}
	}
	return nil
}

// grow makes room for a number of persons.
func (i *Identities) grow(people int) {
	size := 1 << 10
	for size < 2*people {
		size *= 2
	}
	if size <= len(i.table) {
		return
	}
	i.table = make([]uint32, size)
	for slot := range i.people {
		i.table[i.place(i.people[slot].number)] = uint32(slot) + 1
	}
}

// place is where a number stands in the table, or would.
func (i *Identities) place(n idno.Number) uint64 {
	mask := uint64(len(i.table) - 1)
	at := maphash.Comparable(i.seed, n) & mask
	for i.table[at] != 0 && i.people[i.table[at]-1].number != n {
		at = (at + 1) & mask
	}
	return at
}

// remember keeps a person, or what is newly known of one.
func (i *Identities) remember(p identity) {
	at := i.place(p.number)
	if slot := i.table[at]; slot != 0 {
		i.people[slot-1] = p
		return
	}
	if 2*(len(i.people)+1) > len(i.table) {
		i.grow(2 * (len(i.people) + 1))
		at = i.place(p.number)
	}
	i.people = append(i.people, p)
	i.table[at] = uint32(len(i.people))
	if missing := int(p.person) + 1 - len(i.slots); missing > 0 {
		i.slots = append(i.slots, make([]uint32, missing)...)
	}
	i.slots[p.person] = uint32(len(i.people))
}

// Len is how many there are.
func (i *Identities) Len() int {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return len(i.people)
}

// Find is the person whose number it is, false if nobody's. Of a person who was merged it is that person: rows keep whom they named.
func (i *Identities) Find(n idno.Number) (person int64, ok bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	slot := i.table[i.place(n)]
	if slot == 0 {
		return 0, false
	}
	return i.people[slot-1].person, true
}

// of is what is known of a person, or of whom the person was merged into where that one has a number.
func (i *Identities) of(person int64) (identity, bool) {
	p, ok := i.at(person)
	for ok && p.survivor != 0 {
		survivor, known := i.at(p.survivor)
		if !known {
			break
		}
		p = survivor
	}
	return p, ok
}

func (i *Identities) at(person int64) (identity, bool) {
	if person < 0 || person >= int64(len(i.slots)) || i.slots[person] == 0 {
		return identity{}, false
	}
	return i.people[i.slots[person]-1], true
}

// Number is a person's number, of who was merged that of who goes on; false of who is not known or has none.
func (i *Identities) Number(person int64) (idno.Number, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	p, ok := i.of(person)
	return p.number, ok
}

// Home is the village where a registered person lives, false of who is not registered.
func (i *Identities) Home(person int64) (area.Code, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	p, ok := i.of(person)
	if !ok || !p.registered || p.home == 0 {
		return 0, false
	}
	return p.home, true
}

// Add makes persons of numbers that nobody has had, and remembers them, in a transaction of its own: a number is the same ever after,
// whatever becomes of what brought it. Another process may have been first, whose persons they then are.
func (i *Identities) Add(ctx context.Context, db *postgres.DB, numbers []idno.Number) error {
	numbers = slices.Clone(numbers)
	slices.SortFunc(numbers, idno.Number.Compare)
	numbers = slices.DeleteFunc(slices.Compact(numbers), func(n idno.Number) bool { _, known := i.Find(n); return known })
	if len(numbers) == 0 {
		return nil
	}
	var added []identity
	err := db.Work(ctx, func(tx pgx.Tx) (err error) {
		added, err = i.add(ctx, tx, numbers)
		return err
	})
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, p := range added {
		i.remember(p)
	}
	return nil
}

// add makes the persons, and returns them in the order of their ids.
func (i *Identities) add(ctx context.Context, tx pgx.Tx, numbers []idno.Number) ([]identity, error) {
	if _, err := exec(ctx, tx, "preparing to add persons", `create temporary table adding
		(ordinal int, number_digest bytea, number_sealed bytea) on commit drop`); err != nil {
		return nil, err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"adding"}, []string{"ordinal", "number_digest", "number_sealed"},
		pgx.CopyFromSlice(len(numbers), func(n int) ([]any, error) {
			plain := numbers[n].Plain()
			return []any{n, i.keys.Digest(numberField, plain), i.keys.Seal(numberField, plain)}, nil
		}))
	if err != nil {
		return nil, failed("adding persons", err)
	}
	// In the order of the digests, so that two that add the same wait for each other and never both.
	if _, err := exec(ctx, tx, "adding persons", `insert into person (number_digest, number_sealed)
		select number_digest, number_sealed from adding order by number_digest on conflict (number_digest) do nothing`); err != nil {
		return nil, err
	}
	return recall(ctx, tx, numbers)
}

// recall is the persons that those being added have become.
func recall(ctx context.Context, tx pgx.Tx, numbers []idno.Number) ([]identity, error) {
	rows, err := tx.Query(ctx, `select a.ordinal, p.id, p.area, coalesce(p.merged_into, 0), p.registered
		from adding a join person p using (number_digest) order by p.id`)
	if err != nil {
		return nil, failed("reading the persons that were added", err)
	}
	added, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p identity, err error) {
		var ordinal int
		if err := row.Scan(&ordinal, &p.person, &p.home, &p.survivor, &p.registered); err != nil {
			return p, err
		}
		p.number = numbers[ordinal]
		return p, nil
	})
	if err != nil {
		return nil, failed("reading the persons that were added", err)
	}
	return added, nil
}
