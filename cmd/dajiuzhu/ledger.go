package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
)

type ledgerCommand struct {
	Key    ledgerKeyCommand    `cmd:"" help:"Make the key that signs the ledger's checkpoints, and print its public part."`
	Export ledgerExportCommand `cmd:"" help:"Write the whole ledger to a folder that anybody can verify offline."`
}

type ledgerKeyCommand struct {
	File   string `required:"" help:"File to write the key to; it is never replaced." type:"path"`
	Origin string `required:"" help:"Name of the ledger in its checkpoints, as a web address without https://, for example example.org/ledger."`
}

// Run makes a key.
func (c *ledgerKeyCommand) Run(s *streams) error {
	key, err := ledger.GenerateKey(c.File, c.Origin)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, key.Public())
	return nil
}

type ledgerExportCommand struct {
	Out       string `required:"" help:"Folder to make; it must not exist." type:"path"`
	Witnessed bool   `help:"As far as a witness has cosigned, and no further."`
	Key       string `required:"" help:"File of the key that signs the ledger; only its public part is exported." type:"path"`
	Database  string `help:"The owner's URL of the database; a server of the program's own if not given." env:"DATABASE_URL"`
	Data      string `help:"Folder of the program's own server." default:"data" type:"path"`
}

// Run exports the ledger with all acts: who runs commands on the machine is the owner.
func (c *ledgerExportCommand) Run(s *streams) error {
	key, err := ledger.LoadKey(c.Key)
	if err != nil {
		return err
	}
	db, err := postgres.Open(s.ctx, postgres.Config{URL: c.Database, Dir: c.Data})
	if err != nil {
		return err
	}
	defer db.Close()
	return pgx.BeginFunc(s.ctx, db.Own(), func(tx pgx.Tx) error {
		done, err := ledger.Export(s.ctx, tx, c.Out, key.Public(), c.Witnessed)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d leaves and %d acts in %s\n", done.Leaves, done.Acts, c.Out)
		return nil
	})
}

type verifyCommand struct {
	Folder   string   `arg:"" optional:"" help:"Folder that ledger export wrote; the database if not given." type:"path"`
	Key      []string `help:"Public key, in a line or a file, that a checkpoint must be signed by; a folder's own if not given. May be repeated." placeholder:"KEY"`
	Witness  []string `help:"Public key, in a line or a file, of a witness that must have cosigned. May be repeated." placeholder:"KEY"`
	Earlier  []string `help:"Checkpoint kept from earlier: the ledger must go on from it. May be repeated." placeholder:"FILE" type:"path"`
	Before   string   `help:"Folder exported earlier: none of its leaves may be another now." type:"path"`
	Database string   `help:"The owner's URL of the database; a server of the program's own if not given." env:"DATABASE_URL"`
	Data     string   `help:"Folder of the program's own server." default:"data" type:"path"`
	Lang     string   `help:"Language of the report." enum:"zh,en" default:"zh"`
}

var needsKey = fault.Text{
	Key: "verify.needs-key",
	Zh:  "验证数据库须用 --key 给出公钥：数据库自己不能证明是谁签的名",
	En:  "to verify a database give the public key by --key: the database itself cannot tell who signed",
}

// Run verifies a ledger. A wrong one ends it with exit code 1.
func (c *verifyCommand) Run(s *streams) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	report, err := c.verify(s, o)
	if err != nil {
		return err
	}
	lang := fault.Lang(c.Lang)
	fmt.Fprintf(s.out, lang.Say("存证记录 %d 条，核对行为 %d 条，待排序 %d 条；根 %v\n", "%d leaves, %d acts held against them, %d waiting; root %v\n"),
		report.Tree.N, report.Acts, report.Waiting, report.Tree.Hash)
	if len(o.Keys) == 0 {
		fmt.Fprintln(s.out, lang.Say("※ 未给出公钥，用的是文件夹自带的：只说明它前后一致，不说明是谁的", "※ no key was given, the folder's own counts: it agrees with itself, and whose it is is not shown"))
	}
	if report.OK() {
		fmt.Fprintln(s.out, lang.Say("完整，未发现改动", "whole: nothing was changed"))
		return nil
	}
	if report.First >= 0 {
		fmt.Fprintf(s.errout, lang.Say("第一条有误的存证记录：%d\n", "first wrong leaf: %d\n"), report.First)
	}
	printFaults(s, report.Faults, lang)
	if report.More > 0 {
		fmt.Fprintf(s.errout, lang.Say("另有 %d 处\n", "and %d more\n"), report.More)
	}
	return errFaults
}

func (c *verifyCommand) verify(s *streams, o ledger.Options) (ledger.Report, error) {
	if c.Folder != "" {
		return ledger.Verify(c.Folder, o)
	}
	if len(o.Keys) == 0 {
		return ledger.Report{}, fault.New(fault.Invalid, needsKey, nil)
	}
	db, err := postgres.Open(s.ctx, postgres.Config{URL: c.Database, Dir: c.Data})
	if err != nil {
		return ledger.Report{}, err
	}
	defer db.Close()
	return ledger.VerifyDatabase(s.ctx, db, o)
}

// options reads what the ledger is verified against.
func (c *verifyCommand) options() (ledger.Options, error) {
	o := ledger.Options{Before: c.Before}
	var err error
	if o.Keys, err = publicKeys(c.Key, ledger.ParsePublic); err != nil {
		return o, err
	}
	if o.Witnesses, err = publicKeys(c.Witness, ledger.ParseWitness); err != nil {
		return o, err
	}
	for _, file := range c.Earlier {
		checkpoint, err := os.ReadFile(file)
		if err != nil {
			return o, fault.New(fault.Invalid, noCheckpoint, fault.Args{"file": filepath.Base(file)}).Because(err)
		}
		o.Earlier = append(o.Earlier, checkpoint)
	}
	return o, nil
}

var noCheckpoint = fault.Text{
	Key: "verify.no-checkpoint",
	Zh:  "无法读取先前的检查点{file}",
	En:  "the earlier checkpoint {file} cannot be read",
}
