package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"dajiuzhu": main,
	})
}

// tests are the package's tests, which stop the database's server after them.
type tests struct{ *testing.M }

func (t tests) Run() int { return postgrestest.Run(t.M) }

// TestScripts runs the command line as a user would. $SMALL_PACK is a pack that is checked in no time.
func TestScripts(t *testing.T) {
	small, err := filepath.Abs("../../internal/pack/testdata/good")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SMALL_PACK", small)
			return os.Chmod(filepath.Dir(e.WorkDir), 0o755) // as root the database runs as another user, who must come in
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	})
}

// exits runs dajiuzhu with the given arguments and holds its exit code: "exits 2 screen --in nosuch --out o".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGUMENT...")
	}
	out, err := os.Create(ts.MkAbs("stdout.txt"))
	ts.Check(err)
	errout, err := os.Create(ts.MkAbs("stderr.txt"))
	ts.Check(err)
	for i, a := range args {
		if i > 1 && a != "" && a[0] == '@' {
			args[i] = ts.MkAbs(a[1:])
		}
	}
	code := run(context.Background(), args[1:], os.Stdin, out, errout)
	ts.Check(out.Close())
	ts.Check(errout.Close())
	if got := map[int]string{exitOK: "0", exitFaults: "1", exitInput: "2", exitBroken: "3"}[code]; got != args[0] {
		ts.Fatalf("exit code %s, want %s\n%s", got, args[0], ts.ReadFile("stderr.txt"))
	}
}
