package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/witness"
)

type witnessCommand struct {
	Generate witnessGenerateCommand `cmd:"" help:"Make a witness: its key, and the folder of what it will see; prints the public key."`
	Run      witnessRunCommand      `cmd:"" help:"Run a witness, which cosigns a ledger's checkpoints as long as each goes on from the one before."`
}

type witnessGenerateCommand struct {
	Dir  string `required:"" help:"Folder of the witness, on a machine that those who run the ledger do not run." type:"path"`
	Name string `required:"" help:"Name of the witness, as a web address without https://, for example jiwei.example.cn/witness."`
}

// Run makes the witness.
func (c *witnessGenerateCommand) Run(s *streams) error {
	public, err := witness.Generate(c.Dir, c.Name)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, public)
	return nil
}

type witnessRunCommand struct {
	Dir    string   `required:"" help:"Folder of the witness." type:"path"`
	Ledger []string `required:"" help:"Public key, in a line or a file, of a ledger that is watched. May be repeated." placeholder:"KEY"`
	Listen string   `help:"Address on which it is asked; port 0 is any free one." default:"127.0.0.1:8090"`
}

// Run runs the witness until the program is told to stop.
func (c *witnessRunCommand) Run(s *streams) error {
	watched, err := publicKeys(c.Ledger, ledger.ParsePublic)
	if err != nil {
		return err
	}
	w, err := witness.Open(c.Dir, watched, time.Now)
	if err != nil {
		return err
	}
	defer w.Close()
	group, ctx := errgroup.WithContext(s.ctx)
	handler := http.MaxBytesHandler(w.Handler(), 1<<20)
	if err := serveHTTP(ctx, group, s, c.Listen, "witness", handler); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s\nready\n", w.Public())
	return group.Wait()
}

// publicKeys reads public keys, each a line or a file that holds one.
func publicKeys(lines []string, parse func(string) (note.Verifier, error)) (all []note.Verifier, err error) {
	for _, line := range lines {
		if content, err := os.ReadFile(line); err == nil {
			line = string(content)
		}
		key, err := parse(line)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}
