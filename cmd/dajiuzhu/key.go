package main

import (
	"fmt"
	"net/url"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/rekey"
	"dajiuzhu/internal/sealed"
)

type keyCommand struct {
	Generate keyGenerateCommand `cmd:"" help:"Make the keys of a new platform: of sealed fields, and of the ledger's signature."`
	Rotate   keyRotateCommand   `cmd:"" help:"Add a key that seals; from the next start what is written is sealed with it."`
	Renew    keyRenewCommand    `cmd:"" help:"Seal anew what older keys sealed, beside a platform that runs; broken off, it goes on."`
	Retire   keyRetireCommand   `cmd:"" help:"Remove an old key that nothing is sealed with any more."`
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

type keyRotateCommand struct{ platformFlags }

// Run adds a key.
func (c *keyRotateCommand) Run(s *streams) error {
	id, err := sealed.AddKey(c.keyFile(), sealed.Sealing)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "seal %d\n请抄存密钥文件，重新启动 serve，再执行 key renew 和 key retire\n"+
		"Keep a copy of the key file, start serve anew, and then run key renew and key retire\n", id)
	return nil
}

type keyRenewCommand struct {
	platformFlags
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// withRekey opens the database for what concerns all that is sealed.
func (f *platformFlags) withRekey(s *streams, dir string, do func(*rekey.Rekey) error) error {
	policy, err := compile(dir)
	if err != nil {
		return err
	}
	return f.withKeys(s.ctx, func(db *postgres.DB, keys *sealed.Keys) error {
		if err := applyPack(s.ctx, db, policy.Pack()); err != nil {
			return err
		}
		return do(rekey.New(db, keys, sealedColumns(policy.Pack())))
	})
}

// Run seals everything anew, beside a platform that runs.
func (c *keyRenewCommand) Run(s *streams) error {
	return c.withRekey(s, c.Pack, func(r *rekey.Rekey) error {
		n, err := r.Renew(s.ctx, func(p rekey.Progress) { fmt.Fprintf(s.errout, "%s %d/%d\n", p.Column, p.Done, p.Left) })
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "重新加密 %d 个值  %d values sealed anew\n", n, n)
		return nil
	})
}

type keyRetireCommand struct {
	platformFlags
	ID   uint32 `arg:"" help:"Number of the key."`
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run lets an old key go.
func (c *keyRetireCommand) Run(s *streams) error {
	return c.withRekey(s, c.Pack, func(r *rekey.Rekey) error {
		err := r.Retire(s.ctx, c.ID, func() error { return sealed.DropKey(c.keyFile(), sealed.Sealing, c.ID) })
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d号密钥已退役；此前的备份仍要用它，请与那些备份一起保存原来的密钥文件\n"+
			"key %d is retired; backups made before need it still: keep the former key file with them\n", c.ID, c.ID)
		return nil
	})
}

type keyStatusCommand struct {
	platformFlags
	Values bool   `help:"Count what older keys than the newest sealed, in the database."`
	Pack   string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

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
	if !c.Values {
		return nil
	}
	return c.withRekey(s, c.Pack, func(r *rekey.Rekey) error {
		left, err := r.SealedWith(s.ctx, 0)
		if err != nil {
			return err
		}
		for _, l := range left {
			fmt.Fprintf(s.out, "%s\t%d\n", l.Column, l.Values)
		}
		fmt.Fprintf(s.out, "旧密钥加密的列 %d 个  columns with values under older keys: %d\n", len(left), len(left))
		return nil
	})
}
