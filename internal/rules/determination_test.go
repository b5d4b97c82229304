package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/packs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dezhou is the built-in pack, compiled once.
var dezhou = sync.OnceValue(func() *rules.Policy {
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

// subject reads a household of testdata.
func subject(t *testing.T, name string) (rules.Subject, calendar.Date) {
	t.Helper()
	file := filepath.Join("testdata", "determination", name+".yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dossier, faults := pack.ReadDossier(file, content)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return family(t, dossier).Subject(), dossier.On
}

func family(t *testing.T, d *pack.Dossier) *population.Family {
	t.Helper()
	f, faults := population.FromDossier(dezhou().Pack(), dezhou().Layout(), d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return f
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, file − program + (go test ./internal/rules -update writes it anew):\n%s", file, diff)
	}
}

// TestWords tells a family piece by piece: what is hidden stands nowhere, and everything else as in the text.
func TestWords(t *testing.T) {
	s, on := subject(t, "family-2026")
	d := dezhou().On(on, nil).Explain(s)
	open, closed := d.Words(dezhou().Pack(), fault.Zh, nil), d.Words(dezhou().Pack(), fault.Zh, func(path string) bool { return path == "person.diagnoses" })
	shown, kept := told(d, open), told(d, closed)
	if !strings.Contains(shown, "结算记录中的病种：白血病") || strings.Contains(kept, "结算记录中的病种：白血病") {
		t.Error("the diagnosis is hidden where it should be told, or told where it is hidden")
	}
	diagnoses := regexp.MustCompile(`(结算记录中的病种：)(白血病|无)`)
	if diff := cmp.Diff(diagnoses.ReplaceAllString(shown, "$1***"), kept); diff != "" {
		t.Errorf("hiding changes more than what is hidden:\n%s", diff)
	}
	text := strings.Join(strings.Fields(d.Text(dezhou().Pack(), fault.Zh)), "")
	for _, lines := range [][]string{open.GivenUp(), open.Undecided(), open.ToDo(), open.Decided(&d.Outcomes[0])} {
		for _, line := range lines {
			if !strings.Contains(text, strings.Join(strings.Fields(line), "")) {
				t.Errorf("%q does not stand in the text", line)
			}
		}
	}
	for _, row := range open.Plan(d.Plan.Cash) {
		if !strings.Contains(text, strings.Join(strings.Fields(row.Name+row.Who+row.Per+row.Amount), "")) {
			t.Errorf("%+v does not stand in the text", row)
		}
	}
}

// told is every outcome opened.
func told(d *rules.Determination, w *rules.Words) string {
	var b strings.Builder
	var write func(steps []rules.Step)
	write = func(steps []rules.Step) {
		for _, s := range steps {
			fmt.Fprintln(&b, s.Mark, s.Text, s.Origin, s.Notes, s.Above)
			write(s.Parts)
		}
	}
	for i := range d.Outcomes {
		fmt.Fprintln(&b, w.Decided(&d.Outcomes[i]))
		write(w.Opened(&d.Outcomes[i]))
	}
	return b.String()
}

// hash names the pack's version in a text, which changes with every change of the pack.
var hash = regexp.MustCompile(`(版本 |version )[0-9a-f]{12}`)

// TestTexts holds what people read to the golden files, in both languages.
func TestTexts(t *testing.T) {
	for _, name := range []string{"family-2020", "family-2026", "elder-tekun", "threshold", "unknown", "doubtful"} {
		t.Run(name, func(t *testing.T) {
			s, on := subject(t, name)
			d := dezhou().On(on, nil).Explain(s)
			for _, lang := range []fault.Lang{fault.Zh, fault.En} {
				text := hash.ReplaceAllString(d.Text(dezhou().Pack(), lang), "$1…")
				golden(t, fmt.Sprintf("testdata/determination/%s.%s.txt", name, lang), text)
			}
		})
	}
}

// TestFullTexts holds the opened reasons of a refusal, whose facts have sources, to the golden files.
func TestFullTexts(t *testing.T) {
	s, on := subject(t, "threshold")
	s.Simulated = true
	s.Origin = func(unit pack.Unit, supporter bool, lane, slot int) rules.Origin {
		switch f := dezhou().Layout().Facts(unit)[slot]; {
		case len(f.Trust) == 0:
			return rules.Origin{}
		case strings.HasPrefix(f.Trust[0], "feed:"):
			return rules.Origin{Source: f.Trust[0], Date: on.AddDays(-20), Dated: true}
		default:
			return rules.Origin{Source: "visit", Date: on.AddDays(-3), Dated: true}
		}
	}
	d := dezhou().On(on, nil).Explain(s)
	for lang, title := range map[fault.Lang]string{fault.Zh: "  【最低生活保障】", fault.En: "  Minimum living allowance: "} {
		text := d.FullText(dezhou().Pack(), lang)
		golden(t, fmt.Sprintf("testdata/determination/threshold.full.%s.txt", lang), blockOf(t, text, title))
	}
}

// blockOf is the part of a text from a title to the next empty line.
func blockOf(t *testing.T, text, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+title)
	if !found {
		t.Fatalf("the text has no %q", title)
	}
	body, _, _ := strings.Cut(rest, "\n\n")
	return title + body + "\n"
}

// slips are what no reader should meet in a text.
var slips = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"a path of the pack", regexp.MustCompile(`\b(person|household|param|holds)\.[a-z]`)},
	{"a verb of Printf", regexp.MustCompile(`%!|\(MISSING\)|<nil>`)},
	{"more than two digits after the point", regexp.MustCompile(`\d\.\d{3}`)},
	{"an empty place", regexp.MustCompile(`：：|；；|、、|（）|： *$|: *$|, ,`)},
	{"a stray space", regexp.MustCompile(`\S  +(，|；|。|,|;)`)},
	{"money in months", regexp.MustCompile(`\d{4,} 个月|\d{4,} months`)},
}

// lists are the lines that end in a colon because a list follows.
var lists = regexp.MustCompile(`^\s*((最后)?问.*：|(Last, o|O)f .*:|应当享受.*：|Due .*:|同时享受.*：|由本人选择其一.*：|The beneficiary .*:|可以申请.*：|May be applied .*:|怎么办：|What to do:|当日没有生效规定的：|Not in force .*:|明显不涉及的：|What plainly .*:)$`)

// TestTextsOfCases reads the text of every case of the pack for slips, and looks for every open question in it, once for
// each of whom it is asked.
func TestTextsOfCases(t *testing.T) {
	for _, c := range dezhou().Pack().Cases {
		d := explainCase(t, c)
		for _, lang := range []fault.Lang{fault.Zh, fault.En} {
			text := d.Text(dezhou().Pack(), lang)
			for _, line := range strings.Split(text, "\n") {
				if lists.MatchString(line) {
					continue
				}
				for _, s := range slips {
					if s.pattern.MatchString(line) {
						t.Errorf("case %s (%s): %s in %q", c.ID, lang, s.name, line)
					}
				}
			}
			questionsOnce(t, c.ID, d, text, lang)
		}
	}
}

func questionsOnce(t *testing.T, id string, d *rules.Determination, text string, lang fault.Lang) {
	t.Helper()
	type question struct {
		unit rules.UnitReference
		text string
	}
	var asked []question
	for _, o := range d.Outcomes {
		for _, m := range o.Missing.Tell() {
			if m.Ask == nil {
				continue
			}
			if q := (question{m.Unit, m.Ask.In(lang)}); !slices.Contains(asked, q) {
				asked = append(asked, q)
			}
		}
	}
	lines := regexp.MustCompile(`(?m)^    \d+\. (.*)$`).FindAllStringSubmatch(text, -1)
	count := map[string]int{}
	for _, l := range lines {
		count[l[1]]++
	}
	want := map[string]int{}
	for _, q := range asked {
		want[q.text]++
	}
	for q, n := range want {
		if count[q] != n {
			t.Errorf("case %s (%s): %q is asked %d times, of %d", id, lang, q, count[q], n)
		}
	}
}

func explainCase(t *testing.T, c *pack.Case) *rules.Determination {
	t.Helper()
	overlay := rules.Overlay{}
	for _, p := range c.Parameters {
		overlay[p.Name] = p
	}
	return dezhou().On(c.Facts.On, overlay).Explain(family(t, c.Facts).Subject())
}

// TestSchema validates the JSON of every case of the pack, and holds the published schema to the program's.
func TestSchema(t *testing.T) {
	published, err := json.MarshalIndent(rules.DeterminationSchema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/schemas/determination.schema.json", string(published)+"\n")
	schema := compileSchema(t, published)
	for _, c := range dezhou().Pack().Cases {
		if err := schema.Validate(instance(t, explainCase(t, c))); err != nil {
			t.Errorf("case %s: %v", c.ID, err)
		}
	}
}

func compileSchema(t *testing.T, content []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("determination.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("determination.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func instance(t *testing.T, d *rules.Determination) any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encode(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func encode(t *testing.T, d *rules.Determination) []byte {
	t.Helper()
	content, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestSchemaIsStrict: the schema refuses what the program never writes.
func TestSchemaIsStrict(t *testing.T) {
	content, err := json.Marshal(rules.DeterminationSchema())
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t, content)
	s, on := subject(t, "threshold")
	good := encode(t, dezhou().On(on, nil).Explain(s))
	for _, test := range []struct{ name, old, new string }{
		{"a key more", `{"on":`, `{"more":1,"on":`},
		{"a key less", `"engine":"1",`, ``},
		{"another outcome", `"outcome":"eligible"`, `"outcome":"perhaps"`},
		{"a date in another writing", `"on":"2026-11-01"`, `"on":"2026-11-1"`},
		{"an amount as a number", `"amount":"4500"`, `"amount":4500`},
		{"an amount with commas", `"amount":"4500"`, `"amount":"4,500"`},
		{"no list", `"failed":[]`, `"failed":null`},
	} {
		bad := bytes.Replace(good, []byte(test.old), []byte(test.new), 1)
		if bytes.Equal(bad, good) {
			t.Errorf("%s: there is no %s to replace", test.name, test.old)
			continue
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("%s: the schema accepts it", test.name)
		}
	}
}

// TestReplay: the same household, date and policy give the same bytes, whatever was explained before, in whatever order the
// dossier's maps are walked, and beside others at the same time.
func TestReplay(t *testing.T) {
	names := []string{"family-2026", "elder-tekun", "threshold", "unknown", "doubtful"}
	first := map[string][]byte{}
	plan := dezhou().On(calendar.Must(2026, 11, 1), nil)
	for _, name := range names {
		s, _ := subject(t, name)
		first[name] = encode(t, plan.Explain(s))
	}
	for range 5 {
		for _, name := range slices.Backward(names) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s, on := subject(t, name) // maps anew: another order of their keys
				if !bytes.Equal(encode(t, plan.Explain(s)), first[name]) {
					t.Error("explained again, the bytes differ")
				}
				if !bytes.Equal(encode(t, dezhou().On(on, nil).Explain(s)), first[name]) {
					t.Error("under a plan made anew, the bytes differ")
				}
			})
		}
	}
}

// TestReplayCompiledAnew: a policy read and compiled again gives the same bytes.
func TestReplayCompiledAnew(t *testing.T) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	again, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	s, on := subject(t, "family-2026")
	if !bytes.Equal(encode(t, dezhou().On(on, nil).Explain(s)), encode(t, again.On(on, nil).Explain(s))) {
		t.Error("the bytes differ")
	}
}
