package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"dajiuzhu/internal/fault"
)

// The exit codes, of every command.
const (
	exitOK     = 0
	exitFaults = 1 // the check found faults
	exitInput  = 2 // the input or the command line is wrong
	exitBroken = 3 // the machine or the program failed
)

const description = `Finds who is in hardship, and works out whom to help, how, with what and how much.

A city's policy is a pack: a folder of YAML and CSV files that no programmer needs to touch. The pack of Dezhou is built in; --pack DIR takes another.

Try, in this order:

  dajiuzhu check                                does the pack do what its cases say?
  dajiuzhu synth --out data/county              an invented county, as departments' files
  dajiuzhu screen --in data/county --out out    who needs help, hardest first, and the warnings
  dajiuzhu determine household.yaml             one household: whom, how, what, how much, why

Exit codes: 0 all is well, 1 the check found faults, 2 the input is wrong, 3 the program could not do its work.`

// cli is the command line.
type cli struct {
	Check       checkCommand       `cmd:"" help:"Read a policy pack, compile it, and run its cases."`
	Determine   determineCommand   `cmd:"" help:"Determine one household: every programme, with reasons."`
	Screen      screenCommand      `cmd:"" help:"Screen a folder of departments' files: rank households and raise warnings."`
	Simulate    simulateCommand    `cmd:"" help:"Simulate a change of figures or of the pack beside the present policy: who gains, who loses, what it costs."`
	Population  populationCommand  `cmd:"" help:"Make the columns of counties from departments' files: Parquet tables that are screened in seconds."`
	Stream      streamCommand      `cmd:"" help:"Write people as a stream of Apache Arrow, for other programs and for screen --arrow."`
	Sensitivity sensitivityCommand `cmd:"" help:"Rank a county anew with each weight of the index moved, and show how far households move."`
	Evaluate    evaluateCommand    `cmd:"" help:"Hold a screening against labels of what is so in truth: does it find those who need help and have none?"`
	Library     libraryCommand     `cmd:"" help:"Write the policy in words, as a handbook in Chinese and English."`
	Synth       synthCommand       `cmd:"" help:"Write an invented county as departments' files."`
	Serve       serveCommand       `cmd:"" help:"Run the platform: pages, jobs, the ledger, and the database if none is named."`
	Import      importCommand      `cmd:"" help:"Take departments' files into the record."`
	DB          dbCommand          `cmd:"" name:"db" help:"Look after the database."`
	User        userCommand        `cmd:"" help:"Look after accounts."`
	Key         keyCommand         `cmd:"" help:"Look after the keys."`
	Backup      backupCommand      `cmd:"" help:"Write everything in the database to one file."`
	Restore     restoreCommand     `cmd:"" help:"Make a database from a backup."`
	Jobs        jobsCommand        `cmd:"" help:"Look after jobs that failed."`
	Ledger      ledgerCommand      `cmd:"" help:"The append-only ledger of acts: its key, and exports of it."`
	Verify      verifyCommand      `cmd:"" help:"Verify the ledger, in the database or in an exported folder, and name the first leaf that is wrong."`
	Witness     witnessCommand     `cmd:"" help:"Be a witness of somebody's ledger."`
	Schema      schemaCommand      `cmd:"" help:"Print the JSON Schema of a kind of file, for editors."`
	Version     versionCommand     `cmd:"" help:"Print the versions of the program's engine and pack."`
}

// streams is what a command reads and writes.
type streams struct {
	ctx         context.Context
	in          io.Reader
	out, errout io.Writer
}

// errFaults ends a check that found faults; they have been printed.
var errFaults = errors.New("the check found faults")

// exit carries a code out of kong, which ends the process for --help.
type exit int

func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var commands cli
	parser, err := kong.New(&commands, kong.Name("dajiuzhu"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(out, errout), kong.Exit(func(c int) { panic(exit(c)) }))
	if err != nil {
		fmt.Fprintln(errout, "dajiuzhu:", err)
		return exitBroken
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errout, "dajiuzhu:", err)
		fmt.Fprintln(errout, `See "dajiuzhu --help".`)
		return exitInput
	}
	err = command.Run(&streams{ctx, in, out, errout})
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFaults):
		return exitFaults
	}
	fmt.Fprintln(errout, message(err))
	if fault.KindOf(err) == fault.Internal {
		return exitBroken
	}
	return exitInput
}

// message is an error as the terminal shows it: a list of faults a line each, without the program's own causes.
func message(err error) string {
	var list fault.List
	if errors.As(err, &list) {
		return list.Error()
	}
	return err.Error()
}
