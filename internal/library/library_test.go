package library_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/library"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/packs"
)

var update = flag.Bool("update", false, "write the golden file and docs/library anew")

var on = calendar.Must(2026, 11, 1)

// compile reads and compiles a pack.
func compile(t *testing.T, city fs.FS) *rules.Policy {
	t.Helper()
	p, faults := pack.Load(city)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

func pages(t *testing.T, policy *rules.Policy) []library.Page {
	t.Helper()
	all, err := library.Pages(policy, on)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func small(t *testing.T) *rules.Policy { return compile(t, os.DirFS("../pack/testdata/good")) }

// TestSmallPack holds every page of a small pack to what it read like when somebody last looked at it.
func TestSmallPack(t *testing.T) {
	archive := &txtar.Archive{}
	for _, p := range pages(t, small(t)) {
		content := bytes.ReplaceAll(p.Content, []byte("\r\n"), []byte("\n"))
		archive.Files = append(archive.Files, txtar.File{Name: p.Name, Data: bytes.TrimPrefix(content, []byte("\uFEFF"))})
	}
	const name = "testdata/good.txtar"
	got := txtar.Format(archive)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("file − program + (go test ./internal/library -update writes it anew):\n%s", diff)
	}
}

// folder is where the library of the built-in pack is kept.
const folder = "../../docs/library"

// TestKeptPages: what stands in docs/library is what the built-in pack says now.
func TestKeptPages(t *testing.T) {
	all := pages(t, compile(t, packs.Dezhou()))
	if *update {
		if err := library.Write(folder, all); err != nil {
			t.Fatal(err)
		}
	}
	kept := map[string]bool{}
	for _, p := range all {
		kept[p.Name] = true
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(p.Name)))
		if err != nil || !bytes.Equal(content, p.Content) {
			t.Errorf("docs/library/%s is not what the pack says now: make library writes it anew", p.Name)
		}
	}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !kept[name] {
			t.Errorf("docs/library/%s is a page of nothing in the pack", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSameBytes: the library does not depend on the order of a map.
func TestSameBytes(t *testing.T) {
	for range 3 {
		first, second := pages(t, small(t)), pages(t, small(t))
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestExamples reads the example of every feed as a delivery that its department would hand over: nothing is rejected.
func TestExamples(t *testing.T) {
	for name, policy := range map[string]*rules.Policy{"small": small(t), "dezhou": compile(t, packs.Dezhou())} {
		t.Run(name, func(t *testing.T) {
			p := policy.Pack()
			files := fstest.MapFS{}
			for _, page := range pages(t, policy) {
				if path.Ext(page.Name) == ".csv" {
					deliver(t, p, files, page)
				}
			}
			set, err := feed.Read(t.Context(), p, files, feed.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range set.Faults {
				t.Error(f.Message(fault.En))
			}
			for _, r := range set.Rejects {
				t.Errorf("%s row %d: %s", r.File.Name, r.Row, r.Message(fault.En))
			}
			if len(set.Files) != len(p.Feeds) {
				t.Errorf("%d files were read of %d feeds", len(set.Files), len(p.Feeds))
			}
			for _, f := range set.Files {
				if f.Used != 3 || f.Delivery == nil || !f.Delivery.Whole {
					t.Errorf("%s: %d rows used", f.Name, f.Used)
				}
			}
		})
	}
}

// deliver puts an example into a folder with its manifest.
func deliver(t *testing.T, p *pack.Pack, files fstest.MapFS, page library.Page) {
	t.Helper()
	name := path.Base(page.Name)
	id := strings.TrimSuffix(name, ".csv")
	manifest, err := json.Marshal(map[string]any{
		"feed": id, "delivered": "2026-11-05", "from": "2025-11-01", "to": "2026-11-01", "areas": []string{p.Area.String()},
		"files": []any{map[string]any{"name": name, "rows": 3}}, "simulated": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	files[name] = &fstest.MapFile{Data: page.Content}
	files[id+".manifest.json"] = &fstest.MapFile{Data: manifest}
}

// TestExamplesAreWrittenAsWindowsDoes: Excel opens them as they are.
func TestExamplesAreWrittenAsWindowsDoes(t *testing.T) {
	for _, p := range pages(t, small(t)) {
		if path.Ext(p.Name) != ".csv" {
			continue
		}
		if !bytes.HasPrefix(p.Content, []byte("\uFEFF")) || bytes.Count(p.Content, []byte("\n")) != bytes.Count(p.Content, []byte("\r\n")) {
			t.Errorf("%s has no byte order mark, or a line that does not end in CR LF", p.Name)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestEveryLinkLeadsSomewhere follows the links of a small pack's pages; docs does it for those that are kept.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	all := pages(t, small(t))
	for _, p := range all {
		for _, match := range link.FindAllSubmatch(p.Content, -1) {
			target, _, _ := strings.Cut(string(match[1]), "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			name := path.Join(path.Dir(p.Name), target)
			if !slices.ContainsFunc(all, func(o library.Page) bool { return o.Name == name }) {
				t.Errorf("%s: %s leads nowhere", p.Name, match[1])
			}
		}
	}
}

// TestEverythingAssumedIsTold: the page that a city confirms by lists whatever is not found.
func TestEverythingAssumedIsTold(t *testing.T) {
	policy := compile(t, packs.Dezhou())
	for _, p := range pages(t, policy) {
		if p.Name != "assumed.zh.md" && p.Name != "assumed.md" {
			continue
		}
		for _, a := range check.Survey(policy.Pack()).Assumed {
			why := a.Source.Why.En
			if p.Name == "assumed.zh.md" {
				why = a.Source.Why.Zh
			}
			if !bytes.Contains(p.Content, []byte(why)) {
				t.Errorf("%s does not tell why %s is %s: %s", p.Name, a.Name, a.Source.Status, why)
			}
		}
	}
}

// TestWhatCountsForWhat asks for a few things that the small pack says plainly.
func TestWhatCountsForWhat(t *testing.T) {
	for _, p := range pages(t, small(t)) {
		if p.Name == "matrix.md" && !bytes.Contains(p.Content, []byte("### Minimum living allowance\n")) {
			t.Errorf("having the minimum meets a condition of medical aid, and %s does not say so:\n%s", p.Name, p.Content)
		}
	}
}

// TestNothingIsLeftOut: a programme's page tells each of its conditions, parts and papers, in both languages.
func TestNothingIsLeftOut(t *testing.T) {
	policy := compile(t, packs.Dezhou())
	content := map[string]string{}
	for _, p := range pages(t, policy) {
		content[p.Name] = string(p.Content)
	}
	for _, q := range policy.Pack().Programmes {
		zh, en := content["programmes/"+q.ID+".zh.md"], content["programmes/"+q.ID+".md"]
		told := func(text pack.Text) {
			t.Helper()
			if !strings.Contains(zh, text.Zh) || !strings.Contains(en, text.En) {
				t.Errorf("%s does not tell %q", q.ID, text.En)
			}
		}
		for _, v := range q.Versions {
			for _, c := range v.Conditions {
				told(c.Say)
			}
			for _, c := range v.Components {
				told(c.Name)
			}
		}
		for _, d := range q.Documents {
			told(d.Name)
		}
	}
}

// TestNoStepIsLeftOut: the page of procedures tells each step of each version, who decides under which letters, and all the
// rest that the workflow has a name for; each programme's page leads there.
func TestNoStepIsLeftOut(t *testing.T) {
	policy := compile(t, packs.Dezhou())
	content := map[string]string{}
	for _, p := range pages(t, policy) {
		content[p.Name] = string(p.Content)
	}
	zh, en := content["procedures.zh.md"], content["procedures.md"]
	told := func(text pack.Text) {
		t.Helper()
		if !strings.Contains(zh, text.Zh) || !strings.Contains(en, text.En) {
			t.Errorf("the page of procedures does not tell %q", text.En)
		}
	}
	workflow := policy.Pack().Workflow
	for _, r := range workflow.Rules() {
		told(r.Title)
		for _, v := range r.Versions {
			told(v.Source.Why)
		}
	}
	for _, p := range workflow.Procedures {
		for _, v := range p.Versions {
			for _, s := range v.Steps {
				told(s.Name)
				told(s.Note)
				told(s.Source.Why)
			}
		}
	}
	for _, a := range workflow.Authorities {
		for _, v := range a.Versions {
			told(v.Letter)
			told(v.Refusal)
			told(v.Seal)
			for _, r := range v.Remedies {
				told(r.To)
				told(r.Source.Why)
			}
		}
	}
	for _, q := range policy.Pack().Programmes {
		if !strings.Contains(content["programmes/"+q.ID+".zh.md"], "../procedures.zh.md#") || !strings.Contains(content["programmes/"+q.ID+".md"], "../procedures.md#") {
			t.Errorf("the page of %s does not lead to its procedure", q.ID)
		}
	}
}
