package main

import (
	"fmt"
	"net/url"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/sealed"
)

type keyCommand struct {
	Generate keyGenerateCommand `cmd:"" help:"Make the keys of a new platform: of sealed fields, and of the ledger's signature."`
	Rotate   keyRotateCommand   `cmd:"" help:"Add a key; from the next start what is written is sealed with it."`
	Status   keyStatusCommand   `cmd:"" help:"Say which keys there are, by number."`
}

var badSite = fault.Text{Key: "cmd.bad-site",
	Zh: "--site 应是网址，如 https://jiuzhu.example.cn，现在是“{found}”", En: `--site must be a web address such as https://jiuzhu.example.cn, and is "{found}"`}

type keyGenerateCommand struct{ platformFlags }

// Run makes the keys that are not there yet, and writes over none.
func (c *keyGenerateCommand) Run(s *streams) error {
	origin, err := url.Parse(c.Site)
	if err != nil || origin.Hostname() == "" {
		return fault.New(fault.Invalid, badSite, fault.Args{"found": c.Site})
	}
	if err := sealed.GenerateKeys(c.keyFile()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s\n", c.keyFile())
	if _, err := ledger.GenerateKey(c.ledgerFile(), origin.Hostname()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s\n请把这两个文件抄存到数据库备份以外的地方 Keep a copy of both apart from the database's backups\n", c.ledgerFile())
	return nil
}

type keyRotateCommand struct {
	platformFlags
	Use string `arg:"" help:"seal: what is sealed; digest: what is searched." enum:"seal,digest"`
}

// Run adds a key.
func (c *keyRotateCommand) Run(s *streams) error {
	id, err := sealed.AddKey(c.keyFile(), sealed.Use(c.Use))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s %d\n", c.Use, id)
	return nil
}

type keyStatusCommand struct{ platformFlags }

// Run prints the numbers of the keys, and the ledger's public key.
func (c *keyStatusCommand) Run(s *streams) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	signing, err := c.ledgerKey()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%v\nledger %v\n", keys, signing)
	return nil
}
