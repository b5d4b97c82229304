package screening_test

import (
	"bytes"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/packs"
)

// TestSensitivityIsThatOfAnotherPack holds the re-ranking against a screening under a pack with the other weight.
func TestSensitivityIsThatOfAnotherPack(t *testing.T) {
	c := newCounty(t, 3000)
	r := c.screen(t)
	moves := r.Sensitivity(mustMoney(t, "0.5"))
	if want := 2 * len(c.policy.Pack().Index.Dimensions); len(moves) != want {
		t.Fatalf("%d moves, want %d: each dimension down and up", len(moves), want)
	}
	held := false
	for _, m := range moves {
		if m.Dimension.ID != "care" || m.Weight > m.Dimension.Weight {
			continue
		}
		held = true
		other := c.under(t, "    weight: 0.10\n", "    weight: 0.05\n")
		want := byHand(r, other.screen(t))
		if m.Weight != mustMoney(t, "0.05") || m.Hardest != want.Hardest || m.Stay != want.Stay || m.Most != want.Most {
			t.Errorf("moved to %s: %d of %d stay, %d places at most; want %d of %d, %d", m.Weight, m.Stay, m.Hardest, m.Most, want.Stay, want.Hardest, want.Most)
		}
		if m.Stay == m.Hardest || m.Mean == 0 {
			t.Errorf("nothing moves, so the test tells nothing: %+v", m)
		}
	}
	if !held {
		t.Error("the index has no dimension of care any more")
	}
}

// byHand compares two rankings the plain way.
func byHand(r, other *screening.Result) screening.Move {
	var m screening.Move
	others := slices.Collect(other.Ranking())
	for a := range r.Ranking() {
		for _, b := range others {
			if a.Key != b.Key {
				continue
			}
			m.Most = max(m.Most, a.Ranks.County-b.Ranks.County, b.Ranks.County-a.Ranks.County)
			if a.Hardest {
				m.Hardest++
			}
			if a.Hardest && b.Hardest {
				m.Stay++
			}
		}
	}
	return m
}

// under is the same county under a pack whose index.yaml reads differently.
func (c *county) under(t *testing.T, old, new string) *county {
	t.Helper()
	changed := fstest.MapFS{}
	err := fs.WalkDir(packs.Dezhou(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(packs.Dezhou(), path)
		if path == "index.yaml" {
			content = bytes.Replace(content, []byte(old), []byte(new), 1)
		}
		changed[path] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, faults := pack.Load(changed)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return &county{policy, c.people, policy.On(on, nil)}
}

func mustMoney(t *testing.T, s string) money.Decimal {
	t.Helper()
	d, err := money.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
