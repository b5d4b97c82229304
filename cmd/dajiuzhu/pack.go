package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/packs"
)

var (
	noSuchFolder = fault.Text{Key: "cmd.no-folder",
		Zh: "没有文件夹“{found}”", En: `there is no folder "{found}"`}
	badDay = fault.Text{Key: "cmd.bad-day",
		Zh: "日期“{found}”应写作 2026-11-01", En: `the date "{found}" should be written 2026-11-01`}
	noSchema = fault.Text{Key: "cmd.no-schema",
		Zh: "没有“{found}”的模式；可用的有：{expected}", En: `there is no schema "{found}"; there are: {expected}`}
)

// openPack is the folder of a pack, the built-in one for "".
func openPack(dir string) (fs.FS, error) {
	if dir == "" {
		return packs.Dezhou(), nil
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, fault.New(fault.NotFound, noSuchFolder, fault.Args{"found": dir})
	}
	return os.DirFS(dir), nil
}

// compile reads and compiles a pack.
func compile(dir string) (*rules.Policy, error) {
	fsys, err := openPack(dir)
	if err != nil {
		return nil, err
	}
	p, faults := pack.Load(fsys)
	if len(faults) > 0 {
		return nil, faults
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		return nil, faults
	}
	return policy, nil
}

// day is a date given on the command line, today for "". Only the commands look at the clock.
func day(text string) (calendar.Date, error) {
	if text == "" {
		y, m, d := time.Now().Date()
		return calendar.Must(y, m, d), nil
	}
	d, err := calendar.Parse(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, badDay, fault.Args{"found": text})
	}
	return d, nil
}

type schemaCommand struct {
	Kind string `arg:"" optional:"" help:"Which file's schema; none lists them."`
}

// Run prints a schema, or the names of all.
func (c *schemaCommand) Run(s *streams) error {
	schemas := pack.Schemas()
	schemas["determination.schema.json"] = rules.DeterminationSchema()
	names := make([]string, 0, len(schemas))
	for name := range schemas {
		names = append(names, strings.TrimSuffix(name, ".schema.json"))
	}
	if c.Kind == "" {
		for _, name := range sorted(names) {
			fmt.Fprintln(s.out, name)
		}
		return nil
	}
	schema, ok := schemas[c.Kind+".schema.json"]
	if !ok {
		return fault.New(fault.NotFound, noSchema, fault.Args{"found": c.Kind, "expected": strings.Join(sorted(names), ", ")})
	}
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(schema)
}

type versionCommand struct {
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run prints what a stored decision names.
func (c *versionCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "engine %s\npack %s %s\n", rules.EngineVersion, policy.Pack().ID, policy.Pack().Hash)
	return nil
}
