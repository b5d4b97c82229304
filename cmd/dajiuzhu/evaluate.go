package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"dajiuzhu/internal/evaluation"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
)

type evaluateCommand struct {
	In      string   `help:"Folder of deliveries of a county, or of a city with a folder for each county." type:"path" xor:"people"`
	Columns string   `help:"Instead of deliveries: folder of the columns of a county, or of a city with a folder for each county." type:"path" xor:"people"`
	Labels  string   `required:"" help:"Folder of labels of what is so in truth: labels.csv, or a folder with one for each county." type:"path"`
	On      string   `help:"Date of the screening (2026-11-01); today if not given."`
	County  []string `help:"Of a city these counties alone, by code." sep:","`
	Lang    string   `help:"Language of the report." enum:"zh,en" default:"zh"`
	JSON    bool     `name:"json" help:"Print the report for programs."`
	Pack    string   `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// labelsFile is the name of a file of labels.
const labelsFile = "labels.csv"

var (
	noLabels = fault.Text{Key: "cmd.no-labels",
		Zh: "“{found}”里没有 labels.csv，也没有哪个县的文件夹里有；请用 synth 生成，或指向放标签的文件夹",
		En: `there is no labels.csv in "{found}" nor in a county's folder there; make one with synth, or name the folder of labels`}
	noLabelsOf = fault.Text{Key: "cmd.no-labels-of",
		Zh: "没有县“{found}”的标签；有的是：{expected}", En: `there are no labels of the county "{found}"; there are of: {expected}`}
)

// Run screens each county and holds it against its labels.
func (c *evaluateCommand) Run(s *streams) error {
	on, err := day(c.On)
	if err != nil {
		return err
	}
	counties, err := c.counties()
	if err != nil {
		return err
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	plan := policy.On(on, nil)
	e, err := evaluation.New(plan)
	if err != nil {
		return err
	}
	for _, county := range counties {
		if err := c.add(s, e, plan, county); err != nil {
			return err
		}
	}
	return c.print(s, e.Report(), policy)
}

// counties are the folders that have labels, by name; "" where the labels are of one county alone.
func (c *evaluateCommand) counties() ([]string, error) {
	if _, err := os.Stat(filepath.Join(c.Labels, labelsFile)); err == nil {
		return []string{""}, nil
	}
	files, err := filepath.Glob(filepath.Join(c.Labels, "*", labelsFile))
	if err != nil || len(files) == 0 {
		return nil, fault.New(fault.NotFound, noLabels, fault.Args{"found": c.Labels})
	}
	var all []string
	for _, file := range files {
		all = append(all, filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(all)
	if len(c.County) == 0 {
		return all, nil
	}
	for _, county := range c.County {
		if !slices.Contains(all, county) {
			return nil, fault.New(fault.NotFound, noLabelsOf, fault.Args{"found": county, "expected": all})
		}
	}
	return slices.Compact(sorted(slices.Clone(c.County))), nil
}

// add screens a county and holds it against its labels; nothing of the county is kept but counts.
func (c *evaluateCommand) add(s *streams, e *evaluation.Evaluation, plan *rules.Plan, county string) error {
	labels, err := readLabels(filepath.Join(c.Labels, county, labelsFile))
	if err != nil {
		return err
	}
	people := countyFlags{}
	if c.Columns != "" {
		people.Columns = filepath.Join(c.Columns, county)
	} else if c.In != "" {
		people.In = filepath.Join(c.In, county)
	}
	crowd, err := people.openUnder(s, plan)
	if err != nil {
		return err
	}
	screened, err := crowd.screen(s)
	if err != nil {
		return err
	}
	e.Add(screened.result, crowd.people, labels)
	return nil
}

func readLabels(path string) ([]evaluation.Label, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.NotFound, noLabels, fault.Args{"found": filepath.Dir(path)}).Because(err)
	}
	defer file.Close()
	return evaluation.ReadLabels(file, path)
}

func (c *evaluateCommand) print(s *streams, report *evaluation.Report, policy *rules.Policy) error {
	if !c.JSON {
		w := &evaluationReport{w: s.out, lang: fault.Lang(c.Lang), report: report, policy: policy}
		w.print()
		return nil
	}
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
