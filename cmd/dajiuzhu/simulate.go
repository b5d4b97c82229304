package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/chart"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

type simulateCommand struct {
	People countyFlags `embed:""`
	Set    []string    `help:"A figure to change: NAME=1060, NAME=+5%, NAME=-10, NAME[code]=120; may be given several times." placeholder:"NAME=…" sep:"none"`
	Area   string      `help:"Area code in which the figures change; everywhere if not given." placeholder:"371424"`
	From   string      `help:"First day on which they are changed (2027-01-01); always if not given."`
	Other  string      `name:"changed-pack" help:"Folder of a changed pack to hold against the present one." type:"path"`
	Lang   string      `help:"Language of the report." enum:"zh,en" default:"zh"`
	Format string      `help:"text for people, json for programs." enum:"text,json" default:"text"`
	Chart  []string    `help:"File for a picture of the result, .svg or .png; may be given twice." type:"path" placeholder:"FILE"`
	Font   string      `help:"Font for a .png; found on the machine if not given." type:"path" placeholder:"FILE"`
	Cache  string      `help:"Folder in which the present screening is kept for the next simulation; the user's cache if not given." type:"path" placeholder:"DIR"`
}

var (
	nothingToSimulate = fault.Text{Key: "cmd.nothing-to-simulate",
		Zh: "没有说要改什么：请用 --set 改参数，或用 --changed-pack 给出修改过的政策包", En: "nothing is said to change: use --set for figures or --changed-pack for a changed pack"}
	otherLayout = fault.Text{Key: "cmd.other-layout",
		Zh: "政策包“{found}”的事实、代码表、事件或项目与现行的不同，不能用同一批数据直接模拟；请分别运行 screen，再比较结果", En: `the pack "{found}" has other facts, lists of codes, events or programmes than the present one, so the same data cannot be simulated; run screen with each and compare the results`}
	noEffect = fault.Text{Key: "cmd.no-effect",
		Zh: "这样改，{on} 那天没有任何计算会变{why}", En: `with this change nothing is computed otherwise on {on}{why}`}
	badArea = fault.Text{Key: "cmd.bad-area",
		Zh: "区划代码“{found}”看不懂；请写 4、6、9 或 12 位数字", En: `the area code "{found}" cannot be read; write 4, 6, 9 or 12 digits`}
	badPicture = fault.Text{Key: "cmd.bad-picture",
		Zh: "图“{found}”的文件名要以 .svg 或 .png 结尾", En: `the name of the picture "{found}" must end in .svg or .png`}
)

// Run simulates a change of policy beside the present one.
func (c *simulateCommand) Run(s *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	on, err := day(c.People.On)
	if err != nil {
		return err
	}
	policy, err := compile(c.People.Pack)
	if err != nil {
		return err
	}
	w := &simulationReport{lang: fault.Lang(c.Lang), policy: policy, on: on}
	plan := policy.On(on, nil)
	other, scope, err := c.changed(w)
	if err != nil {
		return err
	}
	if err := c.hasEffect(plan, other, scope); err != nil {
		return err
	}
	crowd, err := c.People.openUnder(s, plan)
	if err != nil {
		return err
	}
	w.simulated = crowd.simulated
	people, err := c.summed(crowd)
	if err != nil {
		return err
	}
	b := newBar(s.errout, "screen  ")
	base, notice, err := screening.Baseline(s.ctx, plan, people, c.cache(), b.progress)
	b.done()
	if err != nil {
		return err
	}
	if notice != nil {
		fmt.Fprintln(s.errout, message(notice))
	}
	b = newBar(s.errout, "simulate")
	w.simulation, err = base.Simulate(s.ctx, other, scope.Area, b.progress)
	b.done()
	if err != nil {
		return err
	}
	w.base = base
	if err := c.draw(w); err != nil {
		return err
	}
	return c.print(s.out, w)
}

// check refuses what cannot be meant before anything is read.
func (c *simulateCommand) check() error {
	if len(c.Set) == 0 && c.Other == "" {
		return fault.New(fault.Invalid, nothingToSimulate, nil)
	}
	for _, path := range c.Chart {
		if ext := strings.ToLower(filepath.Ext(path)); ext != ".svg" && ext != ".png" {
			return fault.New(fault.Invalid, badPicture, fault.Args{"found": path})
		}
	}
	return nil
}

// changed is the plan after the change, and where and from when it holds.
func (c *simulateCommand) changed(w *simulationReport) (*rules.Plan, reform.Scope, error) {
	scope := reform.Scope{From: calendar.Beginning}
	var err error
	if c.From != "" {
		if scope.From, err = day(c.From); err != nil {
			return nil, scope, err
		}
	}
	if c.Area != "" {
		if scope.Area, err = area.Parse(c.Area); err != nil {
			return nil, scope, fault.New(fault.Invalid, badArea, fault.Args{"found": fault.Excerpt(c.Area)})
		}
	}
	policy := w.policy
	if c.Other != "" {
		if policy, err = compile(c.Other); err != nil {
			return nil, scope, err
		}
		if !policy.SameLayout(w.policy) {
			return nil, scope, fault.New(fault.Invalid, otherLayout, fault.Args{"found": c.Other})
		}
	}
	changes, err := reform.Parse(c.Set)
	if err != nil {
		return nil, scope, err
	}
	overlay, err := reform.Overlay(policy.Pack(), changes, scope)
	if err != nil {
		return nil, scope, err
	}
	w.figures = reform.Figures(policy.Pack(), overlay, w.on)
	if c.Other != "" {
		scope.Area = 0 // the other pack holds everywhere
	}
	return policy.On(w.on, overlay), scope, nil
}

// hasEffect refuses a change by which nothing is computed otherwise, and says why where that is plain.
func (c *simulateCommand) hasEffect(plan, other *rules.Plan, scope reform.Scope) error {
	if plan.Differs(other).Parts.Any() {
		return nil
	}
	why := [2]string{}
	if scope.From > plan.Date() {
		why = [2]string{"：改动从 " + scope.From.String() + " 起才生效", ": it begins on " + scope.From.String()}
	}
	text := noEffect
	text.Zh, text.En = strings.ReplaceAll(text.Zh, "{why}", why[0]), strings.ReplaceAll(text.En, "{why}", why[1])
	return fault.New(fault.Invalid, text, fault.Args{"on": plan.Date()})
}

// cache is the folder of baselines.
func (c *simulateCommand) cache() string {
	if c.Cache != "" {
		return c.Cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "dajiuzhu")
}

// summed is the people with a checksum of what they come from.
func (c *simulateCommand) summed(of *crowd) (screening.People, error) {
	if of.built == nil {
		return of.people, nil
	}
	sum, err := checksum(c.People.In)
	if err != nil {
		return nil, err
	}
	return screening.Built{Population: of.built, Sum: sum}, nil
}

// checksum is that of every file in a folder, with its name.
func checksum(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		of := sha256.New()
		if _, err := io.Copy(of, f); err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %x\n", filepath.ToSlash(name), of.Sum(nil))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", dir, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// draw writes the pictures that are wanted.
func (c *simulateCommand) draw(w *simulationReport) error {
	if len(c.Chart) == 0 {
		return nil
	}
	page := w.page()
	for _, path := range c.Chart {
		content := page.SVG()
		if strings.ToLower(filepath.Ext(path)) == ".png" {
			font := chart.FindFont(page)
			var err error
			if c.Font != "" {
				if font, err = chart.OpenFont(c.Font); err != nil {
					return err
				}
			}
			if content, err = page.PNG(font); err != nil {
				return err
			}
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing the picture: %w", err)
		}
	}
	return nil
}

func (c *simulateCommand) print(out io.Writer, w *simulationReport) error {
	if c.Format == "text" {
		w.w = out
		w.print()
		return nil
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(w.summary())
}
