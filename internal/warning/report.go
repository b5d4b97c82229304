package warning

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// The sources of reports.
const (
	ByCode         = "qr"
	ByHotline      = "hotline"
	ByOrganisation = "organisation"
	ByVillage      = "village"
)

// ContactField is how a reporter's telephone is sealed.
const ContactField = "report.contact"

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{{Table: "report", Key: "id", Sealed: "contact_sealed", Field: ContactField}}
}

// Report is what somebody says: that a family may need help.
type Report struct {
	Source       string
	Area         area.Code // the village if it is known, else the township or county
	Household    int64     // where somebody of the administration has found it; 0 leaves it to be looked for
	Name         string    // of who needs help, as far as the reporter knows
	Place        string
	What         string
	Contact      string // by which the reporter can be asked back; kept sealed
	Organisation string
	Sender       string // where it comes from, as an address, to bound how many come; kept as a digest for a day
	Once         string
	On           calendar.Date
}

// Received is what came of a report.
type Received struct {
	ID      int64
	Receipt string
	Round   int64
	Joined  bool // it is worked on with others of the same household
	Known   bool // the same key brought it before
	Area    area.Code
	Route   string // to whose desk a report of there goes
}

// The longest that parts of a report may be, in characters.
const (
	MostName    = 40
	MostPlace   = 120
	MostWhat    = 500
	MostContact = 40
)

var (
	tooMany     = fault.Text{Key: "warning.too-many-reports", Zh: "这里一小时内报告太多了，请过一会儿再报；急事请打12345或110", En: "too many reports came from here within the hour; try again later, and call 12345 or 110 in an emergency"}
	noHousehold = fault.Text{Key: "warning.no-household", Zh: "没有这一户，或不在您的辖区", En: "there is no such household, or not in your area"}
	noArea      = fault.Text{Key: "warning.no-area", Zh: "请选一个地方，到村（社区）最好", En: "choose where it is, down to the village if you can"}
	noWhat      = fault.Text{Key: "warning.no-what", Zh: "请写下遇到了什么困难", En: "write what the hardship is"}
	tooLong     = fault.Text{Key: "warning.too-long", Zh: "“{field}”最多{most}个字，现在是{found}个", En: `"{fieldEn}" has at most {most} characters; it has {found}`}
	noSource    = fault.Text{Key: "warning.no-source", Zh: "政策包没有写明这种来源的报告怎样办", En: "the pack does not say how reports by this source are worked on"}
	noReceipt   = fault.Text{Key: "warning.no-receipt", Zh: "没有这个回执号，请核对后再查", En: "there is no such receipt; check it and ask again"}
)

// Receive takes a report in: it becomes work at the desk where its area's reports go.
func (w *Warnings) Receive(ctx context.Context, tx pgx.Tx, r Report) (got Received, err error) {
	r.clean()
	if faults := w.CheckReport(r); len(faults) > 0 {
		return got, faults[0]
	}
	rule := w.reportRule(r.Source)
	if rule == nil {
		return got, fault.New(fault.Unready, noSource, nil)
	}
	var contact, sender []byte
	if r.Contact != "" {
		contact = w.keys.Seal(ContactField, r.Contact)
	}
	if r.Sender != "" {
		sender = w.keys.Digest(ContactField, "sender "+r.Sender)
	}
	var household *int64
	if r.Household != 0 {
		household = &r.Household
		if r.Area, err = homeOf(ctx, tx, r.Household); err != nil {
			return got, err
		}
	}
	err = tx.QueryRow(ctx, `select id, receipt, handling, joined, known
		from receive_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::date, $13::date, $14, $15)`,
		r.Source, int64(r.Area), w.deskFor(rule.Route, r.Area), rule.ID, household, r.Name, r.Place, r.What, contact, r.Organisation, newReceipt(),
		w.dueText(rule.ID, r.On), r.On.String(), sender, r.Once).Scan(&got.ID, &got.Receipt, &got.Round, &got.Joined, &got.Known)
	if err != nil {
		return Received{}, refused("taking a report in", err)
	}
	got.Area, got.Route = r.Area, rule.Route
	if got.Known {
		return got, nil
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "report.receive", Subject: fmt.Sprintf("report:%d", got.ID),
		Detail: map[string]any{"source": r.Source, "area": r.Area.String(), "round": got.Round, "joined": got.Joined}})
	return got, err
}

// homeOf is the village of a household that whoever acts may see.
func homeOf(ctx context.Context, tx pgx.Tx, household int64) (a area.Code, err error) {
	err = tx.QueryRow(ctx, "select area from household where id = $1 and to_date is null", household).Scan(&a)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.Invalid, noHousehold, nil)
	}
	if err != nil {
		return 0, fmt.Errorf("reading where a household lives: %w", err)
	}
	return a, nil
}

func (r *Report) clean() {
	for _, s := range []*string{&r.Name, &r.Place, &r.What, &r.Contact, &r.Organisation} {
		*s = strings.TrimSpace(strings.Map(func(c rune) rune {
			if c == '\r' || unicode.IsControl(c) && c != '\n' || !unicode.IsPrint(c) && c != '\n' && !unicode.IsSpace(c) {
				return -1
			}
			return c
		}, strings.ToValidUTF8(*s, "")))
	}
}

// CheckReport is what is wrong with a report as it was written, each at its field.
func (w *Warnings) CheckReport(r Report) fault.List {
	r.clean()
	var all fault.List
	if r.Area == 0 || r.Area.Level() < area.County || !w.pack.Areas.Has(r.Area) {
		all = append(all, fault.New(fault.Invalid, noArea, nil).In(fault.At{Field: "area"}))
	}
	if utf8.RuneCountInString(r.What) < 2 {
		all = append(all, fault.New(fault.Invalid, noWhat, nil).In(fault.At{Field: "what"}))
	}
	for _, f := range []struct {
		key, zh, en, text string
		most              int
	}{
		{"name", "姓名", "name", r.Name, MostName}, {"place", "住址", "place", r.Place, MostPlace}, {"what", "情况", "what happened", r.What, MostWhat},
		{"contact", "联系电话", "telephone", r.Contact, MostContact}, {"organisation", "单位", "organisation", r.Organisation, 80},
	} {
		if n := utf8.RuneCountInString(f.text); n > f.most {
			all = append(all, fault.New(fault.Invalid, tooLong, fault.Args{"field": f.zh, "fieldEn": f.en, "most": f.most, "found": n}).In(fault.At{Field: f.key}))
		}
	}
	return all
}

// reportRule is the rule as which reports by a source are worked on, nil if the pack names none.
func (w *Warnings) reportRule(source string) *pack.Warning {
	if w.pack.Handling == nil {
		return nil
	}
	for _, k := range w.pack.Handling.Reports {
		if k.Source == source {
			return w.rules[k.Warning]
		}
	}
	return nil
}

// deskFor is where a report lies: at the desk of its rule, or the first above it that sees an area so wide.
func (w *Warnings) deskFor(route string, a area.Code) string {
	sees := map[string]area.Level{"village-assistant": area.Village, "township-officer": area.Township, "county-supervisor": area.County, "department-officer": area.County}
	for d := w.pack.Handling.DeskOf(route); d != nil; d = w.pack.Handling.DeskOf(d.Then) {
		if sees[d.By] <= a.Level() || d.Then == "" {
			return d.Route
		}
	}
	return route
}

// newReceipt is a number that nobody guesses, of letters and digits that are not taken for others: 7K2Q-9M4T-X3FD.
func newReceipt() string {
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ" // 31: the remainder of a byte is drawn again
	var b strings.Builder
	one := make([]byte, 1)
	for b.Len() < 14 {
		if b.Len() == 4 || b.Len() == 9 {
			b.WriteByte('-')
			continue
		}
		if _, err := rand.Read(one); err != nil {
			panic(err) // the system has no randomness
		}
		if int(one[0]) < 256/len(letters)*len(letters) {
			b.WriteByte(letters[int(one[0])%len(letters)])
		}
	}
	return b.String()
}

// Progress is what became of a report.
type Progress struct {
	State string // received, working or done
	On    calendar.Date
	Done  calendar.Date // [calendar.Forever] if it is not
}

// Progress is what became of the report that has a receipt: nothing of whom it is about or who works on it.
func (w *Warnings) Progress(ctx context.Context, tx pgx.Tx, receipt string) (p Progress, err error) {
	receipt = strings.ToUpper(strings.TrimSpace(receipt))
	if bare := strings.ReplaceAll(strings.ReplaceAll(receipt, "-", ""), " ", ""); len(bare) == 12 {
		receipt = bare[:4] + "-" + bare[4:8] + "-" + bare[8:]
	}
	var on time.Time
	var done *time.Time
	err = tx.QueryRow(ctx, "select state, on_day, done_on from report_state($1)", receipt).Scan(&p.State, &on, &done)
	if err != nil {
		if fault.KindOf(refused("", err)) == fault.NotFound {
			return p, fault.New(fault.NotFound, noReceipt, nil)
		}
		return p, refused("reading what became of a report", err)
	}
	p.On, p.Done = dateOf(&on), dateOf(done)
	return p, nil
}

// Match says which household reports are about; the round in which they go on is returned.
func (w *Warnings) Match(ctx context.Context, tx pgx.Tx, id, household int64) (round int64, err error) {
	home, err := homeOf(ctx, tx, household)
	if err != nil {
		return 0, err
	}
	var rule string
	if err := tx.QueryRow(ctx, "select rule from warning_handling where id = $1", id).Scan(&rule); err != nil {
		return 0, refused("looking up a warning", err)
	}
	route := ""
	if r := w.rules[rule]; r != nil {
		route = w.deskFor(r.Route, home)
	}
	if err := tx.QueryRow(ctx, "select match_report($1, $2, $3)", id, household, route).Scan(&round); err != nil {
		return 0, refused("saying whom reports are about", err)
	}
	return round, record(ctx, tx, "match", id, map[string]any{"household": household, "round": round})
}

// Told is a report as whoever works on it reads it.
type Told struct {
	ID           int64
	Receipt      string
	Source       string
	Name         string
	Place        string
	What         string
	Organisation string
	Contact      sealed.Secret
	At           time.Time
}
