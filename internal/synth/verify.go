package synth

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// Check is one number of what was written, held against the calibration.
type Check struct {
	Zh, En        string
	Expected, Got float64
	Tolerance     float64 // how far they may be apart
	OK            bool
}

// Verify reads a city's deliveries again as they were written, and holds them against the calibration: Calibration, Counties,
// People, On and Labels of the options say what was made. It looks at the files alone and knows nothing of how they were made. Of a
// smaller city than the calibration's the tolerances are wider, by three times what a draw may be off.
func Verify(ctx context.Context, p *pack.Pack, dir string, o Options) ([]Check, error) {
	o.City = true
	o = o.filled()
	plans, err := o.plans()
	if err != nil {
		return nil, err
	}
	s := steps{report: o.Progress, total: len(plans) * len(p.Feeds)}
	seen := make([]tally, len(plans))
	err = inParallel(ctx, o.Workers, bySize(plans), func(ctx context.Context, i int) error {
		county := &counter{pack: p, o: o, plan: plans[i], dir: filepath.Join(dir, plans[i].code.String()), step: s.one,
			register: map[idno.Number]bool{}, urban: map[string]bool{}, tally: &seen[i]}
		if err := county.read(ctx); err != nil {
			return fmt.Errorf("verifying %s: %w", p.Areas.Name(plans[i].code), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v := verdict{p: p, o: o, plans: plans, seen: seen}
	v.judge()
	return v.checks, nil
}

// tally is what a county's files say.
type tally struct {
	people, family, dwellers   int // living; of them in families and in collective households
	households, quarters       int
	young, old, men, townsfolk int
	born, died, diedEver       int
	twice, strangers, moved    int // numbers twice in the register; rows about nobody registered; of them in the benefits
	wrongDigits                int
	kindergarten, primary      int
	certificates               int
	admissions                 int
	stays                      float64     // yuan
	above                      map[int]int // people by own cost of the year
	dibao, tekun, institution  int
	edge, rigid                int
	orphans, unsupported       int
	monitored, aids            int
	aidMoney                   float64
	missed, wrong              int
	labelled                   bool
	formats                    map[string]int // files
	expectedDirt               float64
}

// counter reads one county.
type counter struct {
	pack     *pack.Pack
	o        Options
	plan     plan
	dir      string
	step     func()
	register map[idno.Number]bool // whether they live
	urban    map[string]bool      // villages in town
	*tally
}

func (c *counter) read(ctx context.Context) error {
	c.above, c.formats = map[int]int{}, map[string]int{}
	if err := c.readLabels(); err != nil {
		return err
	}
	dead, err := c.deaths()
	if err != nil {
		return err
	}
	if err := c.population(dead); err != nil {
		return err
	}
	for _, f := range c.pack.Feeds {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.feed(f); err != nil {
			return err
		}
		c.step()
	}
	return nil
}

func (c *counter) rows(feed string, want []string, f func([]string) error) error {
	for _, of := range c.pack.Feeds {
		if of.ID == feed {
			return reading{c.pack, of, c.dir, c.formats}.rows(want, f)
		}
	}
	return fmt.Errorf("the pack has no feed %s", feed)
}

func (c *counter) deaths() (map[idno.Number]bool, error) {
	dead, year := map[idno.Number]bool{}, c.o.On.AddMonths(-12)
	return dead, c.rows("deaths", []string{"id_no", "died_on"}, func(cells []string) error {
		n, err := idno.Parse(cells[0])
		if err != nil {
			return nil // counted where every feed is looked at
		}
		on, err := calendar.Parse(cells[1])
		dead[n] = true
		c.diedEver++
		if on >= year {
			c.died++
		}
		return err
	})
}

func (c *counter) population(dead map[idno.Number]bool) error {
	booklets := map[string]bool{}
	return c.rows("population", []string{"id_no", "birth", "hukou_no", "collective", "village"}, func(cells []string) error {
		n, err := idno.Parse(cells[0])
		if err != nil {
			return fmt.Errorf("the register has the number %s: %w", idno.Number{}, err)
		}
		if _, ok := c.register[n]; ok {
			c.twice++
		}
		c.register[n] = !dead[n]
		if dead[n] {
			return nil
		}
		birth, err := calendar.Parse(cells[1])
		if err != nil {
			return err
		}
		first := !booklets[cells[2]]
		booklets[cells[2]] = true
		c.live(n, birth, cells[3] == "true", first, c.urban[cells[4]])
		return nil
	})
}

// live counts somebody who lives in the county.
func (c *counter) live(n idno.Number, birth calendar.Date, collective, first, urban bool) {
	add := func(to *int, yes bool) {
		if yes {
			*to++
		}
	}
	age := calendar.Years(birth, c.o.On)
	c.people++
	add(&c.family, !collective)
	add(&c.dwellers, collective)
	add(&c.households, first && !collective)
	add(&c.quarters, first && collective)
	add(&c.born, age == 0)
	add(&c.young, age < 15)
	add(&c.old, age >= 60)
	add(&c.men, !n.Female())
	add(&c.townsfolk, urban)
}

// feed reads one feed: everybody it is about must be registered, and some of its rows are counted.
func (c *counter) feed(f *pack.Feed) error {
	counted := countedColumns[f.ID]
	want := slices.Clone(counted)
	for _, column := range f.Columns {
		if column.Type == "id_no" {
			want = append(want, column.Name)
		}
	}
	rows, own := 0, map[idno.Number]float64{}
	if err := c.rows(f.ID, want, func(cells []string) error {
		rows++
		somebody := c.known(f.ID, cells[len(counted):])
		return c.add(f.ID, cells[:len(counted)], somebody, own)
	}); err != nil {
		return err
	}
	for _, cost := range own {
		for _, from := range tailsOf(c.o.Calibration) {
			if cost > float64(from) {
				c.above[from]++
			}
		}
	}
	c.expectedDirt += float64(rows) * c.o.Calibration.Dirt.Feeds.Value[f.ID].Digit
	return nil
}

// known holds the numbers of a row against the register and returns the first.
func (c *counter) known(feed string, numbers []string) idno.Number {
	first := idno.Number{}
	for i, cell := range numbers {
		if cell == "" {
			continue
		}
		n, err := idno.Parse(cell)
		if err != nil {
			c.wrongDigits++
			continue
		}
		if i == 0 {
			first = n
		}
		switch _, ok := c.register[n]; {
		case ok:
		case feed == "holdings":
			c.moved++
		default:
			c.strangers++
		}
	}
	return first
}

// countedColumns are what is read of the feeds that are counted, beside the numbers of whom they are about.
var countedColumns = map[string][]string{
	"schools":            {"stage"},
	"disability":         {"status"},
	"medical-settlement": {"kind", "settled_on", "total", "own_total", "status"},
	"holdings":           {"programme", "support_mode", "ended_on"},
	"recognitions":       {"kind"},
	"orphans":            {"kind"},
	"monitored":          {"kind", "removed"},
	"temporary-aid":      {"granted_on", "amount"},
}

func (c *counter) add(feed string, cells []string, n idno.Number, own map[idno.Number]float64) error {
	switch feed {
	case "schools":
		switch cells[0] {
		case "kindergarten":
			c.kindergarten++
		case "primary":
			c.primary++
		}
	case "disability":
		c.certificates++
	case "medical-settlement":
		return c.settlement(cells, n, own)
	case "holdings":
		c.holding(cells)
	case "recognitions":
		switch cells[0] {
		case "edge":
			c.edge++
		case "rigid":
			c.rigid++
		}
	case "orphans":
		switch cells[0] {
		case "orphan":
			c.orphans++
		case "unsupported":
			c.unsupported++
		}
	case "monitored":
		if cells[0] != "expoor" && cells[1] == "false" {
			c.monitored++
		}
	case "temporary-aid":
		on, err := calendar.Parse(cells[0])
		if err != nil || on < c.o.On.AddMonths(-12) {
			return err
		}
		money, err := strconv.ParseFloat(cells[1], 64)
		c.aids++
		c.aidMoney += money
		return err
	}
	return nil
}

func (c *counter) settlement(cells []string, n idno.Number, own map[idno.Number]float64) error {
	on, err := calendar.Parse(cells[1])
	if err != nil || on < c.o.On.AddMonths(-12) || cells[4] != "valid" {
		return err
	}
	total, err := strconv.ParseFloat(cells[2], 64)
	if err != nil {
		return err
	}
	paid, err := strconv.ParseFloat(cells[3], 64)
	if err != nil {
		return err
	}
	if cells[0] == "inpatient" {
		c.admissions++
		c.stays += total
	}
	if n != (idno.Number{}) {
		own[n] += paid
	}
	return nil
}

func (c *counter) holding(cells []string) {
	if cells[2] != "" {
		return
	}
	switch cells[0] {
	case "dibao":
		c.dibao++
	case "tekun":
		c.tekun++
		if cells[1] == "institution" {
			c.institution++
		}
	}
}

// readLabels reads what is so in truth, if it is there.
func (c *counter) readLabels() error {
	if c.o.Labels == "" {
		return nil
	}
	dir := filepath.Join(c.o.Labels, c.plan.code.String())
	err := eachRecord(filepath.Join(dir, "places.csv"), func(r []string) { c.urban[r[0]] = r[1] == "true" })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	missed, wrong := map[string]bool{}, map[string]bool{}
	err = errors.Join(err, eachRecord(filepath.Join(dir, "labels.csv"), func(r []string) {
		switch {
		case r[3] == labelMissed:
			missed[r[2]] = true
		case r[3] == labelWrong && r[4] == "dibao":
			wrong[r[2]] = true
		}
	}))
	if err != nil {
		return fmt.Errorf("reading labels: %w", err)
	}
	c.labelled, c.missed, c.wrong = true, len(missed), len(wrong)
	return nil
}

// eachRecord calls f with every record of a CSV file but its header.
func eachRecord(path string, f func([]string)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := csv.NewReader(file)
	lines.ReuseRecord = true
	for header := true; ; header = false {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !header {
			f(record)
		}
	}
}

// tailsOf are the own costs for which the calibration says how many people are above.
func tailsOf(c *Calibration) []int {
	var tails []int
	for from := range c.Medical.OwnTail.Value {
		tails = append(tails, from)
	}
	slices.Sort(tails)
	return tails
}

// writtenAs are the ways in which files are written, each of which must occur.
var writtenAs = []string{"csv utf-8", "csv gb18030", "xlsx", "jsonl", "parquet"}

// verdict holds tallies against the calibration.
type verdict struct {
	p      *pack.Pack
	o      Options
	plans  []plan
	seen   []tally
	checks []Check
}

// within is a check of a number that may be off by a share of what is expected, and in a small city by what a draw may be.
func (v *verdict) within(zh, en string, expected, got, share float64) {
	tolerance := expected * share
	if share > 0 {
		tolerance += expected * v.sampling(expected, 1)
	}
	v.checks = append(v.checks, Check{zh, en, expected, got, tolerance, math.Abs(got-expected) <= tolerance+1e-9})
}

// about is a check of a ratio, which may be off by a share.
func (v *verdict) about(zh, en string, expected, got, share float64) {
	tolerance := expected * share
	v.checks = append(v.checks, Check{zh, en, expected, got, tolerance, math.Abs(got-expected) <= tolerance})
}

// between is a check of a number that must lie between two.
func (v *verdict) between(zh, en string, low, high, got float64) {
	v.within(zh, en, (low+high)/2, got, 0)
	last := &v.checks[len(v.checks)-1]
	last.Tolerance = (high - low) / 2
	last.OK = got >= low && got <= high
	if math.IsInf(high, 1) {
		last.Expected, last.Tolerance = low, got-low
	}
}

func (v *verdict) total(of func(*tally) int) float64 {
	total := 0
	for i := range v.seen {
		total += of(&v.seen[i])
	}
	return float64(total)
}

func (v *verdict) planned(of func(plan) int) float64 {
	total := 0
	for _, p := range v.plans {
		total += of(p)
	}
	return float64(total)
}

// target is what the counties together have of a quota.
func (v *verdict) target(id quotaID) float64 {
	return v.planned(func(p plan) int { return p.targets[id] })
}

func (v *verdict) judge() {
	v.exact()
	v.people()
	v.targets()
	v.health()
	v.truth()
}

// exact are the numbers that must be met to the unit.
func (v *verdict) exact() {
	v.within("全市人数", "people of the city", v.planned(func(p plan) int { return p.people }), v.total(func(t *tally) int { return t.people }), 0)
	for i, p := range v.plans {
		name := v.p.Areas.Name(p.code)
		v.within(name+"人数", "people of "+p.code.String(), float64(p.people), float64(v.seen[i].people), 0)
	}
	v.within("家庭户", "families", v.planned(func(p plan) int { return p.households }), v.total(func(t *tally) int { return t.households }), 0)
	v.within("家庭户人数", "people in families", v.planned(func(p plan) int { return p.family }), v.total(func(t *tally) int { return t.family }), 0)
	v.within("集体户", "collective households", v.planned(func(p plan) int { return p.quarters }), v.total(func(t *tally) int { return t.quarters }), 0)
	v.within("集体户人数", "people in collective households", v.planned(func(p plan) int { return p.collective }), v.total(func(t *tally) int { return t.dwellers }), 0)
	v.within("重复的证件号码", "identity numbers twice in the register", 0, v.total(func(t *tally) int { return t.twice }), 0)
	v.within("登记里没有的人", "rows about nobody registered", 0, v.total(func(t *tally) int { return t.strangers }), 0)
	moved := v.target(quotaMoved)
	v.between("迁出后仍在领的人", "people who moved and still hold a benefit", 0, moved, v.total(func(t *tally) int { return t.moved }))
}

func (v *verdict) people() {
	c, all := v.o.Calibration.People, v.total(func(t *tally) int { return t.people })
	part := func(n int) float64 { return float64(n) / float64(c.All.Value) * all }
	men := v.total(func(t *tally) int { return t.men })
	v.within("0—14岁", "aged 0 to 14", part(c.Age0To14.Value), v.total(func(t *tally) int { return t.young }), 0.005)
	v.within("60岁以上", "aged 60 and above", part(c.Age60Plus.Value), v.total(func(t *tally) int { return t.old }), 0.005)
	v.within("15—59岁", "aged 15 to 59", part(c.All.Value-c.Age0To14.Value-c.Age60Plus.Value),
		all-v.total(func(t *tally) int { return t.young })-v.total(func(t *tally) int { return t.old }), 0.005)
	v.about("性别比", "men to a hundred women", c.SexRatio.Value, 100*men/(all-men), 0.005+v.sampling(all, 2))
	v.about("家庭户均人数（千分之一人）", "mean size of families, in thousandths", 1000*float64(c.FamilyPeople.Value)/float64(c.FamilyHouseholds.Value),
		1000*v.total(func(t *tally) int { return t.family })/v.total(func(t *tally) int { return t.households }), v.onlyWhole(0.005))
	v.within("出生（0岁）", "births: aged 0", part(c.Births.Value), v.total(func(t *tally) int { return t.born }), 0.03)
	v.within("近一年死亡", "deaths of the last year", part(c.Deaths.Value), v.total(func(t *tally) int { return t.died }), 0.03)
	v.within("在册死亡", "deaths of the years kept", v.target(quotaDeaths), v.total(func(t *tally) int { return t.diedEver }), 0.03)
	v.within("幼儿园", "in kindergarten", part(v.o.Calibration.School.Kindergarten.Value), v.total(func(t *tally) int { return t.kindergarten }), 0.03)
	v.within("小学", "in primary school", part(v.o.Calibration.School.Primary.Value), v.total(func(t *tally) int { return t.primary }), 0.03)
}

// sampling is three deviations of a number of people, as a share of it: what a draw may be off in a city smaller than the
// calibration's, or in some of its counties. In the whole city it is not granted.
func (v *verdict) sampling(all, deviation float64) float64 {
	if v.o.People >= v.o.Calibration.People.All.Value && len(v.plans) == len(v.o.Calibration.Counties) {
		return 0
	}
	return 3 * deviation / math.Sqrt(math.Max(all, 1))
}

// onlyWhole is a tolerance for a number that some counties alone do not have.
func (v *verdict) onlyWhole(share float64) float64 {
	if len(v.plans) < len(v.o.Calibration.Counties) {
		return 0.1
	}
	return share
}

func (v *verdict) targets() {
	v.within("低保", "on dibao", v.target(quotaDibaoRural)+v.target(quotaDibaoUrban)+v.target(quotaWrong)+v.target(quotaMoved), v.total(func(t *tally) int { return t.dibao }), 0.03)
	v.within("特困", "on tekun", v.target(quotaTekun)+v.target(quotaTekunInstitution), v.total(func(t *tally) int { return t.tekun }), 0.03)
	v.within("特困集中供养", "of them in institutions", v.target(quotaTekunInstitution), v.total(func(t *tally) int { return t.institution }), 0.03)
	v.within("低保边缘", "edge people", v.target(quotaEdge), v.total(func(t *tally) int { return t.edge }), 0.03)
	v.within("刚性支出", "rigid-expenditure people", v.target(quotaRigid), v.total(func(t *tally) int { return t.rigid }), 0.03)
	v.within("孤儿", "orphans", v.target(quotaOrphans), v.total(func(t *tally) int { return t.orphans }), 0.03)
	v.within("事实无人抚养儿童", "children in fact unsupported", v.target(quotaUnsupported), v.total(func(t *tally) int { return t.unsupported }), 0.03)
	v.within("防返贫监测", "monitored people", v.target(quotaMonitored), v.total(func(t *tally) int { return t.monitored }), 0.03)
	aids := v.total(func(t *tally) int { return t.aids })
	money := 0.0
	for i := range v.seen {
		money += v.seen[i].aidMoney
	}
	v.within("近一年临时救助人次", "temporary aid of the last year", v.target(quotaTemporaryAid)*12/monthsOfAid, aids, 0.05)
	v.about("临时救助每人次（元）", "yuan of temporary aid each", v.o.Calibration.Targets.TemporaryAidMean.Value, money/math.Max(aids, 1), 0.1+v.sampling(aids, 0.7))
}

func (v *verdict) health() {
	c, all := v.o.Calibration, v.total(func(t *tally) int { return t.people })
	scale := all / float64(c.People.All.Value)
	v.within("残疾人证", "certificates of disability", float64(c.Health.Certificates.Value)*scale, v.total(func(t *tally) int { return t.certificates }), 0.10)
	admissions := v.total(func(t *tally) int { return t.admissions })
	stays := 0.0
	for i := range v.seen {
		stays += v.seen[i].stays
	}
	v.about("每百人住院", "stays in hospital, of a hundred people", c.Medical.Admissions.Value, 100*admissions/all, 0.10+v.sampling(admissions, 1))
	v.about("次均住院费用（元）", "yuan a stay", c.Medical.StayCost.Value, stays/math.Max(admissions, 1), 0.10+v.sampling(admissions, 1.6))
	for _, from := range tailsOf(c) {
		v.within(fmt.Sprintf("一年自付超过%d元的人", from), fmt.Sprintf("people with an own cost above %d yuan a year", from), c.Medical.OwnTail.Value[from]*all,
			v.total(func(t *tally) int { return t.above[from] }), 0.10)
	}
	dirt := 0.0
	for i := range v.seen {
		dirt += v.seen[i].expectedDirt
	}
	v.about("校验位错误的号码", "numbers with a wrong check digit", dirt, v.total(func(t *tally) int { return t.wrongDigits }), 0.10+3/math.Sqrt(math.Max(dirt, 1)))
	for _, format := range writtenAs {
		v.between("写成"+format+"的文件", "files written as "+format, 1, math.Inf(1), v.total(func(t *tally) int { return t.formats[format] }))
	}
}

// familyInNeed is the deviation of a number of people who come by families, against one of people who come alone.
const familyInNeed = 1.6

// truth are the checks that need the hidden labels.
func (v *verdict) truth() {
	for i := range v.seen {
		if !v.seen[i].labelled {
			return
		}
	}
	c, all := v.o.Calibration, v.total(func(t *tally) int { return t.people })
	urban := 0.0
	for _, p := range v.plans {
		urban += p.inTown()
	}
	v.within("城镇人口", "people in town", urban, v.total(func(t *tally) int { return t.townsfolk }), 0.005)
	scale := all / float64(c.People.All.Value)
	low, high := c.Targets.Missed.Value[0]*scale, c.Targets.Missed.Value[1]*scale
	wider := v.sampling((low+high)/2, familyInNeed) * (low + high) / 2
	v.between("应享未享的人（标签）", "people in need without help (labels)", low-wider, high+wider, v.total(func(t *tally) int { return t.missed }))
	dibao := v.total(func(t *tally) int { return t.dibao })
	v.within("不应享而在领低保的人（标签）", "people on dibao without need (labels)", c.Targets.Wrong.Value*dibao, v.total(func(t *tally) int { return t.wrong }), 0.2)
}
