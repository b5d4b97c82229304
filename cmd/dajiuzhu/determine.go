package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

type determineCommand struct {
	File   string `arg:"" help:"The household: YAML or JSON with on, area and facts, as a case has them; - reads standard input."`
	On     string `help:"Date of the determination (2026-11-01); that of the file if not given."`
	Pack   string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
	Lang   string `help:"Language of the text." enum:"zh,en" default:"zh"`
	Format string `help:"text for people, json for programs." enum:"text,json" default:"text"`

	Reasons string `help:"In the text: short tells what decided; full opens every value with its source, date, document and version." enum:"short,full" default:"short"`
}

var unreadableFile = fault.Text{Key: "cmd.unreadable",
	Zh: "读不了“{found}”", En: `"{found}" cannot be read`}

// Run determines one household.
func (c *determineCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	content, err := readInput(s.in, c.File)
	if err != nil {
		return err
	}
	dossier, faults := pack.ReadDossier(c.File, content)
	if len(faults) > 0 {
		return faults
	}
	if c.On != "" {
		if dossier.On, err = day(c.On); err != nil {
			return err
		}
	}
	family, faults := population.FromDossier(policy.Pack(), policy.Layout(), dossier)
	if len(faults) > 0 {
		return faults
	}
	d := policy.On(dossier.On, nil).Explain(family.Subject())
	if c.Format == "json" {
		return writeIndented(s.out, d.AppendJSON(nil))
	}
	text := d.Text
	if c.Reasons == "full" {
		text = d.FullText
	}
	_, err = fmt.Fprint(s.out, text(policy.Pack(), fault.Lang(c.Lang)))
	return err
}

// writeIndented writes JSON as people can read it.
func writeIndented(out io.Writer, content []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, content, "", "  "); err != nil {
		return fmt.Errorf("writing a determination as JSON: %w", err)
	}
	b.WriteByte('\n')
	_, err := out.Write(b.Bytes())
	return err
}

// maxInput bounds what is read from a person's file.
const maxInput = 16 << 20

func readInput(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fault.New(fault.NotFound, unreadableFile, fault.Args{"found": name}).Because(err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fault.New(fault.Invalid, unreadableFile, fault.Args{"found": name}).Because(err)
	}
	return content, nil
}
