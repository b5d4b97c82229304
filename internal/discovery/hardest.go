package discovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Hard is a household with its difficulty index.
type Hard struct {
	Household int64
	Area      area.Code
	Score     money.Decimal
}

// Hardest is a page of the households in an area by their difficulty index, the hardest first and of equals the one registered earlier: those after
// one, the zero value for the first page. It orders work and says of nobody that they get nothing; who is not assessed as a family is not among them.
func Hardest(ctx context.Context, tx pgx.Tx, in area.Code, after Hard, most int) ([]Hard, error) {
	lo, hi := in.Range()
	var from *string
	if after.Household != 0 {
		s := after.Score.String()
		from = &s
	}
	query := "select household, area, score::text from hardest_of_all($1, $2, $3, $4, $5)"
	if in.Level() >= area.Township { // they are few, and sorted: by their score the households of all other townships would be read too
		query = `select f.household, f.area, f.score::text from finding f where f.score is not null and f.area >= $1 and f.area < $2
			and ($3::numeric is null or f.score <= $3 and (f.score < $3 or f.household > $4)) order by f.score + 0 desc, f.household limit $5`
	}
	rows, err := tx.Query(ctx, query, int64(lo), int64(hi), from, after.Household, most)
	if err != nil {
		return nil, fmt.Errorf("reading the hardest households: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (h Hard, err error) {
		var score string
		if err = r.Scan(&h.Household, (*int64)(&h.Area), &score); err == nil {
			h.Score, err = money.Parse(score)
		}
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the hardest households: %w", err)
	}
	return all, nil
}

// HardestEnds are the difficulty indices at which the hardest of each area end, by the areas within which the pack has them told apart: whoever is
// as hard belongs to them. It is as the last run over the whole record found, and empty before the first and where the pack marks nobody.
func HardestEnds(ctx context.Context, tx pgx.Tx) (map[area.Code]money.Decimal, error) {
	rows, err := tx.Query(ctx, "select area, score::text from hardest_end")
	if err != nil {
		return nil, fmt.Errorf("reading where the hardest end: %w", err)
	}
	ends := map[area.Code]money.Decimal{}
	var of int64
	var written string
	if _, err := pgx.ForEachRow(rows, []any{&of, &written}, func() (err error) {
		ends[area.Code(of)], err = money.Parse(written)
		return err
	}); err != nil {
		return nil, fmt.Errorf("reading where the hardest end: %w", err)
	}
	return ends, nil
}

// hardness gathers how hard the households of a run have it, by the areas within which the hardest are told apart.
type hardness struct {
	pack.Hardest
	of map[area.Code][]hard
}

// hard is a household with who count as its members.
type hard struct {
	score  money.Decimal
	people int32
}

// newHardness gathers nothing where the pack marks nobody.
func newHardness(x *pack.Index) hardness {
	if x == nil || x.Hardest.Share <= 0 {
		return hardness{}
	}
	return hardness{x.Hardest, map[area.Code][]hard{}}
}

func (h *hardness) add(all []*determined) {
	for _, d := range all {
		if d.score == nil || h.of == nil {
			continue
		}
		within := d.area.At(h.Level)
		h.of[within] = append(h.of[within], hard{*d.score, d.members})
	}
}

// end is the index of the last of the hardest whose people make up the share of the area's people; those as hard belong to them. The order of
// what is gathered is that of the processors and does not matter. ok is false where nobody is assessed.
func (h *hardness) end(in area.Code) (score money.Decimal, ok bool) {
	all := h.of[in]
	slices.SortFunc(all, func(a, b hard) int { return cmp.Compare(b.score, a.score) })
	var people, taken int64
	for _, one := range all {
		people += int64(one.people)
	}
	for _, one := range all {
		if taken*money.Scale >= people*int64(h.Share) {
			break
		}
		taken += int64(one.people)
		score, ok = one.score, true
	}
	return score, ok
}

// write puts where the hardest end in the place of what the former run found.
func (h *hardness) write(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "delete from hardest_end"); err != nil {
		return fmt.Errorf("writing where the hardest end: %w", err)
	}
	for in := range h.of {
		score, ok := h.end(in)
		if !ok {
			continue
		}
		if _, err := tx.Exec(ctx, "insert into hardest_end (area, score) values ($1, $2)", int64(in), score.String()); err != nil {
			return fmt.Errorf("writing where the hardest end: %w", err)
		}
	}
	return nil
}
