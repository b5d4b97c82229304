package screening

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// rankingRow is a line of ranking.csv and of ranking.parquet. Decimals are texts: they are exact.
type rankingRow struct {
	Household    string `parquet:"household" zh:"户编号"`
	Head         string `parquet:"head" zh:"户主"`
	Village      string `parquet:"village" zh:"村（居）代码"`
	Place        string `parquet:"place" zh:"所在"`
	Members      int64  `parquet:"members" zh:"共同生活人数"`
	Doubtful     bool   `parquet:"doubtful" zh:"成员待核实"`
	Doubts       string `parquet:"doubts" zh:"待核实原因"`
	Score        string `parquet:"score" zh:"困难指数"`
	Before       string `parquet:"before" zh:"帮扶前指数"`
	Coverage     string `parquet:"coverage" zh:"信息完整度"`
	RankVillage  int64  `parquet:"rank_village" zh:"村内名次"`
	RankTownship int64  `parquet:"rank_township" zh:"镇内名次"`
	RankCounty   int64  `parquet:"rank_county" zh:"县内名次"`
	RankCity     int64  `parquet:"rank_city" zh:"市内名次"`
	Hardest      bool   `parquet:"hardest" zh:"最困难3%"`
	Parts        string `parquet:"parts" zh:"各维度得分"`
}

// outcomeRow is a line of outcomes.csv and of outcomes.parquet.
type outcomeRow struct {
	Programme string `parquet:"programme" zh:"项目"`
	Name      string `parquet:"programme_name" zh:"项目名称"`
	Household string `parquet:"household" zh:"户编号"`
	Village   string `parquet:"village" zh:"村（居）代码"`
	Person    string `parquet:"person" zh:"姓名"`
	ID        string `parquet:"id_masked" zh:"身份证号（已掩码）"`
	Outcome   string `parquet:"outcome" zh:"预判结果"`
	Held      bool   `parquet:"held" zh:"在享"`
	Assumed   bool   `parquet:"assumed" zh:"含默认推定"`
	Amounts   string `parquet:"amounts" zh:"金额"`
	Witness   string `parquet:"failed" zh:"首个不符条件"`
	Missing   string `parquet:"missing" zh:"缺少的信息"`
}

// warningRow is a line of warnings.csv and of warnings.parquet.
type warningRow struct {
	Mechanism string `parquet:"mechanism" zh:"预警机制"`
	Warning   string `parquet:"warning" zh:"规则"`
	Name      string `parquet:"name" zh:"预警名称"`
	Level     string `parquet:"level" zh:"级别"`
	Route     string `parquet:"route" zh:"流转去向"`
	Due       string `parquet:"due" zh:"核实期限"`
	Household string `parquet:"household" zh:"户编号"`
	Village   string `parquet:"village" zh:"村（居）代码"`
	Place     string `parquet:"place" zh:"所在"`
	Person    string `parquet:"person" zh:"姓名"`
	ID        string `parquet:"id_masked" zh:"身份证号（已掩码）"`
	Evidence  string `parquet:"evidence" zh:"依据"`
}

// changeRow is a line of changes.csv and of changes.parquet.
type changeRow struct {
	What        string `parquet:"what" zh:"类别"`
	Of          string `parquet:"of" zh:"项目或预警"`
	Household   string `parquet:"household" zh:"户编号"`
	Person      string `parquet:"person" zh:"姓名"`
	ID          string `parquet:"id_masked" zh:"身份证号（已掩码）"`
	Unit        string `parquet:"unit" zh:"对象"`
	Gone        bool   `parquet:"gone" zh:"已不在册"`
	From        string `parquet:"from" zh:"原结果"`
	To          string `parquet:"to" zh:"现结果"`
	FromAmounts string `parquet:"from_amounts" zh:"原金额"`
	ToAmounts   string `parquet:"to_amounts" zh:"现金额"`
	FromFailed  string `parquet:"from_failed" zh:"原首个不符条件"`
	ToFailed    string `parquet:"to_failed" zh:"现首个不符条件"`
	FromOpen    string `parquet:"from_open" zh:"原待核实条件"`
	ToOpen      string `parquet:"to_open" zh:"现待核实条件"`
	FromHeld    bool   `parquet:"from_held" zh:"原在享"`
	ToHeld      bool   `parquet:"to_held" zh:"现在享"`
	FromAssumed bool   `parquet:"from_assumed" zh:"原含默认推定"`
	ToAssumed   bool   `parquet:"to_assumed" zh:"现含默认推定"`
}

// KeptFile is the name of the file of what was kept, in a folder of results.
const KeptFile = "screening.kept"

// File is a file that is written beside the tables.
type File struct {
	Name  string
	Mode  os.FileMode
	Write func(io.Writer) error
}

// Scope is how much of a result is written in tables. What was kept is always whole.
type Scope uint8

// The scopes.
const (
	Everybody   Scope = iota // every outcome of every unit
	Reached                  // of the outcomes those of units that receive the programme, may get it, or could not be computed
	RankingOnly              // the ranking alone, as of people whose facts are not at hand
	ChangesOnly              // no table but that of changes: what a pass over a city writes every night
)

// Write lays the result down in a folder: ranking, outcomes and warnings, each as CSV and as Parquet, summary.json, what was kept,
// and other files that are given. Where the folder holds a former screening, changes tells what is otherwise. The files are put in
// their places only when all of them are whole and on disk, so that a failure leaves the former ones. The notice is a fault of the
// former screening that made changes impossible.
func (r *Result) Write(dir string, scope Scope, more ...File) (notice, err error) {
	s, err := stage(dir)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	keeping := make(chan error, 1)
	go func() { keeping <- s.file(KeptFile, 0o600, r.Kept.write) }() // what was kept is the most of it: beside all others
	steps := append(r.tables(s, scope), func() error { return s.file("summary.json", 0o644, r.writeSummary) })
	for _, f := range more {
		steps = append(steps, func() error { return s.file(f.Name, f.Mode, f.Write) })
	}
	steps = append(steps, func() (err error) {
		notice, err = r.writeChanges(s, dir)
		return err
	})
	err = inTurn(steps)
	if err = errors.Join(err, <-keeping); err != nil {
		return nil, err
	}
	return notice, s.commit()
}

func inTurn(steps []func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// writeChanges writes what is otherwise than in the former screening of a folder, if there is one.
func (r *Result) writeChanges(s *staging, dir string) (notice, err error) {
	former, notice := loadFormer(dir)
	if former == nil {
		s.supersede("changes")
		return notice, nil
	}
	return notice, writeTable(s, "changes", r.changeRows(former))
}

// tables are the steps that write the tables of a scope. Those of a former screening that are not written anew go, because
// they are no longer so.
func (r *Result) tables(s *staging, scope Scope) []func() error {
	ranking := func() error { return writeTable(s, "ranking", r.rankingRows()) }
	warnings := func() error { return writeTable(s, "warnings", r.warningRows()) }
	outcomes := func(of iter.Seq[Outcome]) func() error {
		return func() error { return writeTable(s, "outcomes", outcomeRows(of)) }
	}
	switch scope {
	case Everybody:
		return []func() error{ranking, outcomes(r.Outcomes()), warnings}
	case Reached:
		return []func() error{ranking, outcomes(r.reached()), warnings}
	case RankingOnly:
		s.supersede("outcomes", "warnings")
		return []func() error{ranking}
	}
	s.supersede("ranking", "outcomes", "warnings")
	return nil
}

// reached is the outcomes of units that receive a programme, may get it, or could not be computed.
func (r *Result) reached() iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		for o := range r.Outcomes() {
			if (o.Held || o.Outcome > rules.NotInForce || o.Outcome == rules.Failed) && !yield(o) {
				return
			}
		}
	}
}

// loadFormer is the former screening of a folder; nil if there is none or it is damaged, which the notice tells.
func loadFormer(dir string) (former *Kept, notice error) {
	former, err := Load(filepath.Join(dir, KeptFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return former, err
}

func (r *Result) changeRows(former *Kept) iter.Seq[changeRow] {
	return mapped(r.Kept.Diff(former), func(c Change) changeRow {
		who := r.Who(c)
		return changeRow{
			What: string(c.What), Of: c.Of, Household: SafeText(c.Household), Person: SafeText(who.Name), ID: who.Masked, Unit: string(c.Unit), Gone: c.Gone,
			From: c.From.State, To: c.To.State, FromAmounts: c.From.Amounts, ToAmounts: c.To.Amounts, FromFailed: c.From.Failed, ToFailed: c.To.Failed,
			FromOpen: c.From.Open, ToOpen: c.To.Open, FromHeld: c.From.Held, ToHeld: c.To.Held, FromAssumed: c.From.Assumed, ToAssumed: c.To.Assumed,
		}
	})
}

// writeTable writes rows, which are made twice: a county's may be more than fit into memory.
func writeTable[R any](s *staging, name string, rows iter.Seq[R]) error {
	if err := s.file(name+".csv", 0o644, func(w io.Writer) error { return writeCSV(w, rows) }); err != nil {
		return err
	}
	return s.file(name+".parquet", 0o644, func(w io.Writer) error { return writeParquet(w, rows) })
}

// byteOrderMark tells spreadsheet programs that a CSV is UTF-8.
const byteOrderMark = "\ufeff"

func writeCSV[R any](w io.Writer, rows iter.Seq[R]) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if err := c.Write(header[R]()); err != nil {
		return err
	}
	for row := range rows {
		if err := c.Write(cells(row)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// rowsAtOnce is how many rows are handed to the writer of Parquet together.
const rowsAtOnce = 1 << 12

func writeParquet[R any](w io.Writer, rows iter.Seq[R]) error {
	p := parquet.NewGenericWriter[R](w, parquet.Compression(&parquet.Zstd))
	some := make([]R, 0, rowsAtOnce)
	for row := range rows {
		if some = append(some, row); len(some) < rowsAtOnce {
			continue
		}
		if _, err := p.Write(some); err != nil {
			return err
		}
		some = some[:0]
	}
	if _, err := p.Write(some); err != nil {
		return err
	}
	return p.Close()
}

// SafeText keeps a spreadsheet from taking a text for a formula.
func SafeText(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (r *Result) rankingRows() iter.Seq[rankingRow] {
	return mapped(r.Ranking(), func(h Ranked) rankingRow {
		return rankingRow{
			Household: SafeText(h.Key), Head: SafeText(h.Head), Village: h.Area.String(), Place: r.Policy.Pack().Areas.Path(h.Area),
			Members: int64(h.Members), Doubtful: h.Doubtful, Doubts: doubts(h.Doubts), Score: h.Score.String(), Before: h.Before.String(), Coverage: h.Coverage.String(),
			RankVillage: int64(h.Ranks.Village), RankTownship: int64(h.Ranks.Township), RankCounty: int64(h.Ranks.County), RankCity: int64(h.Ranks.City),
			Hardest: h.Hardest, Parts: r.parts(h),
		}
	})
}

// mapped makes rows as they are asked for.
func mapped[T, R any](all iter.Seq[T], row func(T) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		for one := range all {
			if !yield(row(one)) {
				return
			}
		}
	}
}

// doubts are the reasons for which a composition is doubtful.
func doubts(all []pack.Text) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = d.Zh
	}
	return strings.Join(texts, "；")
}

// parts are a household's dimensions as "income=39.62; shock=100".
func (r *Result) parts(h Ranked) string {
	texts := make([]string, len(h.Parts))
	for i, p := range h.Parts {
		two, _ := p.Round(2)
		texts[i] = r.Policy.Pack().Index.Dimensions[i].ID + "=" + two.String()
	}
	return strings.Join(texts, "; ")
}

func outcomeRows(all iter.Seq[Outcome]) iter.Seq[outcomeRow] {
	return mapped(all, func(o Outcome) outcomeRow {
		row := outcomeRow{
			Programme: o.Programme.ID, Name: o.Programme.Name.Zh, Household: SafeText(o.Household.Key), Village: o.Household.Area.String(),
			Person: SafeText(o.Person.Name), ID: o.Person.Masked, Outcome: o.Outcome.String(), Held: o.Held, Assumed: o.Assumed,
			Amounts: amountsText(o.Amounts), Missing: missingText(o.Missing),
		}
		if o.Witness != nil {
			row.Witness = o.Witness.ID
		}
		return row
	})
}

// missingText is what has to be known as "household.composition; person.birth".
func missingText(all []rules.Leaf) string {
	texts := make([]string, len(all))
	for i, leaf := range all {
		texts[i] = leaf.String()
	}
	return strings.Join(texts, "; ")
}

// amountsText is components as "difference=799.2/month".
func amountsText(all []ComponentAmount) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = amountText(a.Component.ID, a.Amount, a.Component.Per)
	}
	return strings.Join(texts, "; ")
}

func amountText(component string, amount money.Decimal, per string) string {
	return component + "=" + amount.String() + "/" + per
}

func (r *Result) warningRows() iter.Seq[warningRow] {
	return mapped(r.Warnings(), func(w Warning) warningRow {
		row := warningRow{
			Mechanism: w.Mechanism.ID, Warning: w.Rule.ID, Name: w.Rule.Name.Zh, Level: w.Rule.Level, Route: w.Rule.Route,
			Household: SafeText(w.Household.Key), Village: w.Household.Area.String(), Place: r.Policy.Pack().Areas.Path(w.Household.Area),
			Person: SafeText(w.Person.Name), ID: w.Person.Masked, Due: "undetermined", Evidence: evidenceText(w.Evidence),
		}
		if w.DueKnown {
			row.Due = w.Due.String()
		}
		return row
	})
}

func evidenceText(all []Evidence) string {
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = e.Path + "=" + e.Value
	}
	return strings.Join(texts, "; ")
}

// Summary is the counts of a result.
type Summary struct {
	On         string             `json:"on"`
	Pack       string             `json:"pack"`
	Hash       string             `json:"hash"`
	Engine     string             `json:"engine"`
	People     int                `json:"people"`
	Households int                `json:"households"`
	Collective int                `json:"collective_households"`
	Doubtful   int                `json:"doubtful_households"`
	Hardest    int                `json:"hardest_households"`
	Programmes []ProgrammeSummary `json:"programmes"`
	Mechanisms []MechanismSummary `json:"mechanisms"`
	Errors     int                `json:"index_errors"`
}

// ProgrammeSummary counts a programme's outcomes.
type ProgrammeSummary struct {
	Programme string         `json:"programme"`
	Outcomes  map[string]int `json:"outcomes"`
	Held      int            `json:"held"`
	Reached   int            `json:"reached"`
	Expected  *int           `json:"expected,omitempty"`
	Monthly   string         `json:"monthly_yuan"`
	Once      string         `json:"other_yuan"`
}

// MechanismSummary counts a mechanism's warnings.
type MechanismSummary struct {
	Mechanism string         `json:"mechanism"`
	Levels    map[string]int `json:"levels"`
	Total     int            `json:"total"`
}

// Summary counts the result.
func (r *Result) Summary() Summary {
	p := r.Policy.Pack()
	s := Summary{On: r.On.String(), Pack: p.ID, Hash: p.Hash, Engine: rules.EngineVersion, People: r.People, Households: r.Households(),
		Collective: r.Collective, Doubtful: r.field.doubtful.Count(), Hardest: r.ranking.hardest.Count(), Errors: r.Errors}
	for _, t := range r.Programmes {
		ps := ProgrammeSummary{Programme: t.Programme.ID, Outcomes: map[string]int{}, Held: t.Held, Reached: t.Reached, Monthly: t.Monthly.String(), Once: t.Once.String()}
		for o, n := range t.Outcomes {
			ps.Outcomes[rules.Outcome(o).String()] = n
		}
		if m, ok := r.Magnitude(t); ok {
			ps.Expected = &m.Expected
		}
		s.Programmes = append(s.Programmes, ps)
	}
	for _, t := range r.Mechanisms {
		s.Mechanisms = append(s.Mechanisms, MechanismSummary{t.Mechanism.ID, t.Levels, t.Total})
	}
	return s
}

func (r *Result) writeSummary(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r.Summary())
}

func yesNo(b bool) string {
	if b {
		return "是"
	}
	return ""
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
