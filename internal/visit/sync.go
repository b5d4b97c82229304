package visit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Taken is what became of an answer.
type Taken struct {
	ID    string     `json:"id"`
	State string     `json:"state"` // taken, superseded by a later one, conflict, aside; chosen or declined by whoever decided
	Why   *pack.Text `json:"why,omitempty"`
	Base  Base       `json:"base"` // of its field, for the next answer
}

// Received is what became of a bundle.
type Received struct {
	Bundle  string      `json:"bundle"`
	State   string      `json:"state"` // taken, or aside: kept for the township
	Why     *pack.Text  `json:"why,omitempty"`
	Answers []Taken     `json:"answers,omitempty"`
	Done    bool        `json:"done,omitempty"`  // the visit has ended
	Lacks   []pack.Text `json:"lacks,omitempty"` // why it could not end
	Again   bool        `json:"-"`               // it had been received before
}

// The states of bundles and answers.
const (
	taken      = "taken"
	aside      = "aside"
	superseded = "superseded"
	conflict   = "conflict"
	chosen     = "chosen"
	declined   = "declined"
	settled    = "settled"
	dismissed  = "dismissed"
)

var (
	lostAccess   = fault.Text{Key: "visit.lost-access", Zh: "这次走访已不在您名下的辖区，内容已收下，由镇街处理", En: "this visit is no longer in your area; what you sent was received and is for the township to look at"}
	wentToOthers = fault.Text{Key: "visit.went-to-others", Zh: "这次走访已改派他人，内容已收下，由镇街处理", En: "this visit went to others; what you sent was received and is for the township to look at"}
	calledOff    = fault.Text{Key: "visit.called-off", Zh: "这次走访已取消，内容已收下，由镇街处理", En: "this visit was called off; what you sent was received and is for the township to look at"}
	notOfVisit   = fault.Text{Key: "visit.not-of-household", Zh: "这个人不在（或已不在）这一户，由镇街处理", En: "this person is not, or no longer, of the household: it is for the township to look at"}
	mayNotState  = fault.Text{Key: "visit.may-not-state", Zh: "这个人的档案不在您的辖区，由镇街或县级处理", En: "this person's file is not in your area: it is for the township or the county to look at"}
	idTaken      = fault.Text{Key: "visit.id-taken", Zh: "这个编号的回答已有别的内容，由镇街处理", En: "an answer of this number says something else already: it is for the township to look at"}
)

func why(t fault.Text) *pack.Text { return &pack.Text{Zh: t.Zh, En: t.En} }

func whyOf(f *fault.Error) *pack.Text {
	return &pack.Text{Zh: f.Message(fault.Zh), En: f.Message(fault.En)}
}

// Sync takes what a device sent, in the name of whoever the transaction is of. The same bundle again changes nothing and gives the same answer.
func (v *Visits) Sync(ctx context.Context, tx pgx.Tx, b Bundle, today calendar.Date) (Received, error) {
	if again, err := v.receivedBefore(ctx, tx, &b); err != nil || again != nil {
		return asReceived(again), err
	}
	at, no, err := v.admits(ctx, tx, &b)
	if err != nil {
		return Received{}, err
	}
	r := Received{Bundle: b.ID, State: taken}
	if no != nil {
		r.State, r.Why = aside, no
	} else if err := v.take(ctx, tx, at, &b, &r, today); err != nil {
		return Received{}, err
	}
	if err := v.keep(ctx, tx, &b, r); err != nil {
		return Received{}, err
	}
	return r, record(ctx, tx, "visit."+map[string]string{taken: "sync", aside: "aside"}[r.State], subject(b.Visit),
		map[string]any{"bundle": b.ID, "device": b.Device, "answers": len(b.Answers), "done": r.Done})
}

func asReceived(r *Received) Received {
	if r == nil {
		return Received{}
	}
	return *r
}

// receivedBefore is what became of a bundle that was received before, nil of a new one. Another content under the same id is a bundle of its own.
func (v *Visits) receivedBefore(ctx context.Context, tx pgx.Tx, b *Bundle) (*Received, error) {
	for range 2 {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('dajiuzhu bundle ' || $1, 0))", b.ID); err != nil {
			return nil, failed("waiting to receive a bundle", err)
		}
		var same bool
		var result []byte
		err := tx.QueryRow(ctx, "select digest = $2, result from visit_bundle where id = $1", b.ID, b.digest()).Scan(&same, &result)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, failed("looking for a bundle", err)
		}
		if !same {
			b.ID = b.another()
			continue
		}
		r := &Received{Again: true}
		if err := json.Unmarshal(result, r); err != nil {
			return nil, fmt.Errorf("reading what became of a bundle: %w", err)
		}
		return r, nil
	}
	return nil, fmt.Errorf("two bundles of one digest")
}

// going is a visit as its answers are taken.
type going struct {
	id, household int64
	visitors      []int64
	state         State
	account       int64 // whose answers they are
}

// admits is the visit of a bundle, or why whoever acts may not answer for it.
func (v *Visits) admits(ctx context.Context, tx pgx.Tx, b *Bundle) (going, *pack.Text, error) {
	g, err := readGoing(ctx, tx, b.Visit)
	if err != nil || g.id == 0 {
		return g, why(lostAccess), err
	}
	var visits bool
	if err := tx.QueryRow(ctx, "select acting_account(), acting_visits()").Scan(&g.account, &visits); err != nil {
		return g, nil, failed("asking who acts", err)
	}
	switch {
	case !visits:
		return g, why(lostAccess), nil
	case !slices.Contains(g.visitors, g.account):
		return g, why(wentToOthers), nil
	case g.state == Cancelled:
		return g, why(calledOff), nil
	}
	return g, nil, nil
}

// readGoing reads a visit; its id is 0 if it is not there, or not to be seen.
func readGoing(ctx context.Context, tx pgx.Tx, visit int64) (g going, err error) {
	err = tx.QueryRow(ctx, "select id, household, visitors, state from visit where id = $1", visit).Scan(&g.id, &g.household, &g.visitors, &g.state)
	if errors.Is(err, pgx.ErrNoRows) {
		return going{}, nil
	}
	return g, failed("reading a visit", err)
}

// take writes down the answers, the place and the end of a visit.
func (v *Visits) take(ctx context.Context, tx pgx.Tx, at going, b *Bundle, r *Received, today calendar.Date) error {
	if err := lock(ctx, tx, at.household); err != nil {
		return err
	}
	var touched []field
	for _, a := range b.inOrder() {
		f := field{a.Unit, a.Of, a.Fact}
		if err := v.arrive(ctx, tx, at, b, a, today); err != nil {
			return err
		}
		if !slices.Contains(touched, f) {
			touched = append(touched, f)
		}
	}
	for _, f := range touched {
		if err := v.settleField(ctx, tx, at, f); err != nil {
			return err
		}
	}
	if err := v.report(ctx, tx, b, r); err != nil {
		return err
	}
	if b.Place != nil {
		if err := keepPlace(ctx, tx, b); err != nil {
			return err
		}
	}
	if b.End == nil {
		return nil
	}
	var err error
	r.Lacks, err = v.End(ctx, tx, at.id, *b.End)
	r.Done = err == nil && len(r.Lacks) == 0
	return err
}

// arrive keeps an answer. One that was kept before is left as it is.
func (v *Visits) arrive(ctx context.Context, tx pgx.Tx, at going, b *Bundle, a Answer, today calendar.Date) error {
	state, no, value, err := v.fits(ctx, tx, at, &a)
	if err != nil {
		return err
	}
	said := b.SaidBy
	if said == "" {
		said = "入户走访"
	}
	row := []any{a.ID, at.id, b.Device, a.Seq, at.account, a.Unit, a.Of, a.Fact, string(a.Kind), value, a.Base.Statement, a.Base.Answer, said,
		day(min(dayIn(a.At), today)), state, no}
	tag, err := tx.Exec(ctx, `insert into visit_answer (id, visit, device, seq, account, unit, unit_id, fact, kind, value, base_statement, base_answer,
		said_by, answered_on, state, why) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict (id) do nothing`, row...)
	if err != nil {
		return failed("keeping an answer", err)
	}
	if tag.RowsAffected() == 1 {
		return v.contradicts(ctx, tx, a)
	}
	return v.sameAnswer(ctx, tx, at, b, a, value)
}

// sameAnswer sees that an answer whose id is there already is the one that is there: another is kept apart under an id of its own.
func (v *Visits) sameAnswer(ctx context.Context, tx pgx.Tx, at going, b *Bundle, a Answer, value []byte) error {
	var same bool
	err := tx.QueryRow(ctx, `select (visit, device, seq, unit, unit_id, fact, kind) = ($2::bigint, $3::uuid, $4::bigint, $5::text, $6::bigint, $7::text, $8::text)
		and value is not distinct from $9::jsonb from visit_answer where id = $1`, a.ID, at.id, b.Device, a.Seq, a.Unit, a.Of, a.Fact, string(a.Kind), value).Scan(&same)
	if errors.Is(err, pgx.ErrNoRows) { // it is of another area
		same, err = false, nil
	}
	if err != nil || same {
		return failed("comparing answers", err)
	}
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	whole := Bundle{content: append(content, b.Device...)}
	_, err = tx.Exec(ctx, `insert into visit_answer (id, visit, device, seq, account, unit, unit_id, fact, kind, value, base_statement, base_answer,
		said_by, answered_on, state, why) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '—', $13, 'aside', $14) on conflict (id) do nothing`,
		whole.another(), at.id, b.Device, a.Seq, at.account, a.Unit, a.Of, a.Fact, string(a.Kind), value, a.Base.Statement, a.Base.Answer, day(dayIn(a.At)), why(idTaken))
	return failed("keeping an answer", err)
}

// fits is the state in which an answer begins: taken, or aside with the reason. Its value is in the form in which it is written; one that
// does not fit its question is kept as it came.
func (v *Visits) fits(ctx context.Context, tx pgx.Tx, at going, a *Answer) (state string, no *pack.Text, value []byte, err error) {
	s, wrong := v.shapeOf(a.Unit, a.Fact)
	if wrong == nil && a.Kind == Value {
		var read any
		if read, wrong = s.read(v.pack, a.Value); wrong == nil {
			a.Value = read
		}
	}
	if a.Kind == Value {
		if value, err = json.Marshal(a.Value); err != nil {
			return "", nil, nil, fmt.Errorf("writing an answer: %w", err)
		}
	}
	if wrong != nil {
		return aside, whyOf(wrong), value, nil
	}
	belongs, err := v.belongs(ctx, tx, at, a)
	if err != nil || !belongs {
		return aside, why(notOfVisit), value, err
	}
	return taken, nil, value, nil
}

// belongs reports whether an answer is about the visit's household: the household, who is in it, or who was asked about as owing it support.
func (v *Visits) belongs(ctx context.Context, tx pgx.Tx, at going, a *Answer) (bool, error) {
	switch a.Unit {
	case ofVisit:
		return a.Of == at.id, nil
	case string(pack.Household):
		return a.Of == at.household, nil
	}
	members, err := v.registry.Members(ctx, tx, []int64{at.household})
	if err != nil || slices.Contains(members, a.Of) {
		return err == nil, err
	}
	open, err := v.explain.Open(ctx, at.household, dayIn(a.At))
	if fault.KindOf(err) != fault.Internal { // nobody is registered any more: nobody is asked about
		return false, nil
	}
	return slices.ContainsFunc(open, func(o Open) bool { return o.Unit == pack.Person && o.Of == a.Of }), err
}

// contradicts notes which statement from elsewhere, that its device did not know, a new answer contradicts.
func (v *Visits) contradicts(ctx context.Context, tx pgx.Tx, a Answer) error {
	s, wrong := v.shapeOf(a.Unit, a.Fact)
	if a.Kind != Value || a.Unit == ofVisit || wrong != nil {
		return nil
	}
	said, err := v.registry.Said(ctx, tx, pack.Unit(a.Unit), a.Of, a.Fact)
	if err != nil {
		return err
	}
	ours, err := ids(ctx, tx, "select stands from visit_answer where unit = $1 and unit_id = $2 and fact = $3 and state = 'taken' and stands is not null",
		a.Unit, a.Of, a.Fact)
	if err != nil {
		return err
	}
	for _, other := range slices.Backward(said) {
		if other.ID <= a.Base.Statement || other.Withdrawn != "" || slices.Contains(ours, other.ID) {
			continue
		}
		if value, wrong := s.read(v.pack, other.Value); wrong == nil && fmt.Sprint(value) == fmt.Sprint(a.Value) {
			return nil
		}
		_, err := tx.Exec(ctx, "update visit_answer set against = $2 where id = $1", a.ID, other.ID)
		return failed("comparing an answer with what was said", err)
	}
	return nil
}

func ids(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, failed("reading answers", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return all, failed("reading answers", err)
}

// report tells what became of each answer.
func (v *Visits) report(ctx context.Context, tx pgx.Tx, b *Bundle, r *Received) error {
	for _, a := range b.Answers {
		t := Taken{ID: a.ID}
		err := tx.QueryRow(ctx, "select state, why from visit_answer where id = $1", a.ID).Scan(&t.State, &t.Why)
		if errors.Is(err, pgx.ErrNoRows) {
			t.State, t.Why, err = aside, why(idTaken), nil
		}
		if err != nil {
			return failed("reading what became of an answer", err)
		}
		if t.Base, err = v.base(ctx, tx, field{a.Unit, a.Of, a.Fact}); err != nil {
			return err
		}
		r.Answers = append(r.Answers, t)
	}
	return nil
}

// base is what is known of a field now.
func (v *Visits) base(ctx context.Context, tx pgx.Tx, f field) (b Base, err error) {
	err = tx.QueryRow(ctx, "select coalesce(max(n), 0) from visit_answer where unit = $1 and unit_id = $2 and fact = $3", f.unit, f.of, f.fact).Scan(&b.Answer)
	if err != nil || f.unit == ofVisit {
		return b, failed("reading what is known", err)
	}
	said, err := v.registry.Said(ctx, tx, pack.Unit(f.unit), f.of, f.fact)
	if len(said) > 0 {
		b.Statement = said[len(said)-1].ID
	}
	return b, err
}

// keepPlace keeps where a device was; the first it says counts.
func keepPlace(ctx context.Context, tx pgx.Tx, b *Bundle) error {
	var latitude, longitude, accuracy *string
	if !b.Place.Refused {
		latitude, longitude = degrees(b.Place.Latitude), degrees(b.Place.Longitude)
		if b.Place.Accuracy != "" {
			accuracy = degrees(b.Place.Accuracy)
		}
	}
	_, err := tx.Exec(ctx, `insert into visit_place (visit, device, latitude, longitude, accuracy, refused, at)
		values ($1, $2, $3::text::numeric, $4::text::numeric, $5::text::numeric, $6, $7) on conflict do nothing`,
		b.Visit, b.Device, latitude, longitude, accuracy, b.Place.Refused, b.Place.At)
	return failed("keeping a place", err)
}

func degrees(n json.Number) *string {
	d, _ := parseDegrees(string(n)) // it was read before
	s := d.String()
	return &s
}

// keep keeps a bundle as it was sent, with what became of it.
func (v *Visits) keep(ctx context.Context, tx pgx.Tx, b *Bundle, r Received) error {
	result, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing what became of a bundle: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into visit_bundle (id, visit, device, digest, content, state, why, result) values ($1, $2, $3, $4, $5, $6, $7, $8)",
		b.ID, b.Visit, b.Device, b.digest(), v.keys.Seal(bundleField, string(b.content)), r.State, r.Why, result)
	var p *pgconn.PgError
	if errors.As(err, &p) && p.Code == "23505" { // somebody else's bundle has this id
		return fault.New(fault.Conflict, badBundle, fault.Args{"detail": "bundle"})
	}
	return failed("keeping a bundle", err)
}
