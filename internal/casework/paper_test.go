package casework_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// scan is a document of some size.
func scan(size int) []byte {
	return []byte("%PDF-1.7\n" + strings.Repeat("x", size) + "\n%%EOF\n")
}

// TestPapersAreKeptSealed: a paper's file is what its content says, is read by who sees the case and nobody else, each time on record, and stands in the
// catalogue with its digest.
func TestPapersAreKeptSealed(t *testing.T) {
	w := newWorld(t)
	w.Casework = w.Sealing(sealed.NewKeys())
	items := w.file(at(time.November, 2, 9), dibao, casework.Want{Programme: "special-family", Outcome: "likely"})
	filing := int64(1)
	content := scan(casework.LargestPaper / 8) // in more pieces than one
	add := func(p postgres.Principal, item int64, content []byte) error {
		return w.as(p, func(ctx context.Context, tx pgx.Tx) error {
			return w.AddPaper(ctx, tx, filing, item, casework.Paper{Kind: "proxy", Name: "委托书", Pages: 2, Kept: casework.KeptHere, Content: content}, at(time.November, 2, 10))
		})
	}
	w.want("a document", add(assistant, items[0], content), "done")
	w.want("a page that says it is one", add(assistant, items[0], []byte("<html>委托书.pdf")), "casework.not-a-paper")
	w.want("nothing", add(assistant, items[0], []byte{}), "casework.not-a-paper")
	w.want("one that broke off", add(assistant, items[0], content[:len(content)-9]), "casework.not-a-paper")
	w.want("one that is too large", add(assistant, items[0], scan(casework.LargestPaper)), "casework.paper-large")
	for _, test := range []struct {
		who  string
		p    postgres.Principal
		want string
	}{
		{"the officer", officer, "done"}, {"the county", supervisor, "done"}, {"the resident", resident, "done"},
		{"a department with another case of the filing", health, "casework.no-such-paper"},
		{"another township", postgres.Principal{Account: 3, Role: "officer", Area: far}, "casework.no-such-paper"},
	} {
		err := w.as(test.p, func(ctx context.Context, tx pgx.Tx) error {
			p, got, err := w.PaperContent(ctx, tx, 1)
			if err == nil && (!bytes.Equal(got, content) || p.Media != "application/pdf") {
				t.Errorf("%s reads %d bytes of %s", test.who, len(got), p.Media)
			}
			return err
		})
		w.want(test.who, err, test.want)
	}
	var looks, open int
	if err := w.db.Own().QueryRow(t.Context(), `select (select count(*) from act where kind = 'casework.paper-look'),
		(select count(*) from paper_chunk where position('%PDF'::bytea in content) > 0)`).Scan(&looks, &open); err != nil || looks != 3 || open != 0 {
		t.Errorf("%d looks are on record, want 3, and %d pieces lie open: %v", looks, open, err)
	}
	for _, item := range items {
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
			return w.Withdraw(ctx, tx, item, casework.Happening{Reason: "不要了", Signer: "国志强", Signature: "撤回书"}, at(time.November, 3, 9))
		})
	}
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		if err := w.Archive(ctx, tx, filing, at(time.November, 3, 10)); err != nil {
			return err
		}
		c, err := w.Catalogue(ctx, tx, filing)
		sum := sha256.Sum256(content)
		if err == nil && (len(c.Papers) != 1 || c.Papers[0].Name != "委托书" || c.Papers[0].Digest != hex.EncodeToString(sum[:])) {
			t.Errorf("the catalogue is %+v", c)
		}
		return err
	})
	w.own("alter table paper_chunk disable trigger user; delete from paper_chunk where at > 0; alter table paper_chunk enable trigger user")
	w.want("exchanged", w.as(officer, func(ctx context.Context, tx pgx.Tx) error { _, _, err := w.PaperContent(ctx, tx, 1); return err }), "casework.paper-exchanged")
	w.want("behind the archive", add(assistant, items[0], content), "casework.closed")
	if err := w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf("update paper_chunk set at = 5 where paper = %d", 1))
		return err
	}); err == nil {
		t.Error("a paper is changed")
	}
}
