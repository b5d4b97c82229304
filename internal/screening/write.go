package screening

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

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

// Write lays the result down in a folder: ranking, outcomes and warnings, each as CSV and as Parquet, and summary.json.
// Every file is written whole beside its place and then put there, so that a failure leaves the former one.
func (r *Result) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of results: %w", err)
	}
	steps := []func() error{
		func() error { return writeTable(dir, "ranking", r.rankingRows()) },
		func() error { return writeTable(dir, "outcomes", r.outcomeRows()) },
		func() error { return writeTable(dir, "warnings", r.warningRows()) },
		func() error { return replace(filepath.Join(dir, "summary.json"), r.writeSummary) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func writeTable[R any](dir, name string, rows []R) error {
	if err := replace(filepath.Join(dir, name+".csv"), func(w io.Writer) error { return writeCSV(w, rows) }); err != nil {
		return err
	}
	return replace(filepath.Join(dir, name+".parquet"), func(w io.Writer) error { return writeParquet(w, rows) })
}

// replace writes a file beside its place and renames it when it is whole and on disk.
func replace(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// byteOrderMark tells spreadsheet programs that a CSV is UTF-8.
const byteOrderMark = "\ufeff"

func writeCSV[R any](w io.Writer, rows []R) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if err := c.Write(header[R]()); err != nil {
		return err
	}
	for _, row := range rows {
		if err := c.Write(cells(row)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func writeParquet[R any](w io.Writer, rows []R) error {
	p := parquet.NewGenericWriter[R](w, parquet.Compression(&parquet.Zstd))
	if _, err := p.Write(rows); err != nil {
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

func (r *Result) rankingRows() []rankingRow {
	rows := make([]rankingRow, len(r.Households))
	for i, h := range r.Households {
		rows[i] = rankingRow{
			Household: SafeText(h.Key), Head: SafeText(h.Head), Village: h.Area.String(), Place: r.Policy.Pack().Areas.Path(h.Area),
			Members: int64(h.Members), Doubtful: h.Doubtful, Doubts: doubts(h.Doubts), Score: h.Score.String(), Before: h.Before.String(), Coverage: h.Coverage.String(),
			RankVillage: int64(h.Ranks.Village), RankTownship: int64(h.Ranks.Township), RankCounty: int64(h.Ranks.County), RankCity: int64(h.Ranks.City),
			Hardest: h.Hardest, Parts: r.parts(h),
		}
	}
	return rows
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

func (r *Result) outcomeRows() []outcomeRow {
	rows := make([]outcomeRow, len(r.Outcomes))
	for i, o := range r.Outcomes {
		rows[i] = outcomeRow{
			Programme: o.Programme.ID, Name: o.Programme.Name.Zh, Household: SafeText(o.Household.Key), Village: o.Household.Area.String(),
			Person: SafeText(o.Person.Name), ID: o.Person.Masked, Outcome: o.Outcome.String(), Held: o.Held, Assumed: o.Assumed,
		}
		if o.Witness != nil {
			rows[i].Witness = o.Witness.ID
		}
		if o.Outcome > rules.NotInForce {
			rows[i].Amounts = amounts(o.Amounts)
		}
	}
	return rows
}

// amounts are components as "difference=799.2/month".
func amounts(all []ComponentAmount) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.Component.ID + "=" + a.Amount.String() + "/" + a.Component.Per
	}
	return strings.Join(texts, "; ")
}

func (r *Result) warningRows() []warningRow {
	rows := make([]warningRow, len(r.Warnings))
	for i, w := range r.Warnings {
		rows[i] = warningRow{
			Mechanism: w.Mechanism.ID, Warning: w.Rule.ID, Name: w.Rule.Name.Zh, Level: w.Rule.Level, Route: w.Rule.Route,
			Household: SafeText(w.Household.Key), Village: w.Household.Area.String(), Place: r.Policy.Pack().Areas.Path(w.Household.Area),
			Person: SafeText(w.Person.Name), ID: w.Person.Masked, Due: "undetermined", Evidence: evidenceText(w.Evidence),
		}
		if w.DueKnown {
			rows[i].Due = w.Due.String()
		}
	}
	return rows
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
	s := Summary{On: r.On.String(), Pack: p.ID, Hash: p.Hash, Engine: rules.EngineVersion, People: r.People, Households: len(r.Households),
		Collective: r.Collective, Errors: r.Errors}
	for _, h := range r.Households {
		if h.Doubtful {
			s.Doubtful++
		}
		if h.Hardest {
			s.Hardest++
		}
	}
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
