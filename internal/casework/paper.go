package casework

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/media"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
)

// Paper is a paper of a filing: one that lies somewhere, or a file, or both.
type Paper struct {
	Kind      string // application, authorisation, proxy, survey, notice, letter, medical …
	Name      string
	Pages     int
	Kept      string // where it is; [KeptHere] and "visit:12" of what is a file alone
	Content   []byte // of a file that comes now; nil of none
	VisitFile string // the file of a visit that it is, "" of none
}

// KeptHere is where a paper is that the platform alone keeps.
const KeptHere = "platform"

// PaperKept is a paper of a filing as it is kept.
type PaperKept struct {
	ID, Filing int64
	Item       int64 // 0: of the whole filing
	Paper
	Media  string // of its file: media.JPEG …, a visit's also a sound's; "" of none
	Size   int64  // bytes of its file
	Digest string // SHA-256 of its file, in hexadecimal
	On     calendar.Date
	At     time.Time
	By     int64
}

// LargestPaper is bytes of a file that may be kept.
const LargestPaper = 12 << 20

// chunkSize is bytes that are sealed together.
const chunkSize = 512 << 10

const paperField = "casework.paper"

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{{Table: "paper_chunk", Key: "n", Sealed: "content", Field: paperField}}
}

var (
	notAPaper  = fault.Text{Key: "casework.not-a-paper", Zh: "这个文件不是照片（JPEG、PNG、WebP）或PDF，或者已损坏。看的是内容，不是文件名。请重拍或重新导出", En: "the file is no picture (JPEG, PNG, WebP) and no PDF, or it is damaged; its content tells, not its name: take or export it again"}
	paperLarge = fault.Text{Key: "casework.paper-large", Zh: "文件太大：每个最多{most}兆字节，这个有{found}兆。请压缩，或分成几个", En: "the file is too large: {most} MB each at most, and this one has {found}; make it smaller or several"}
	noPaper    = fault.Text{Key: "casework.no-such-paper", Zh: "没有这份材料的电子件，或不在您的辖区、部门", En: "there is no file of this paper, or not in your area or department"}
	swapped    = fault.Text{Key: "casework.paper-exchanged", Zh: "这份材料的内容与收到时的不一致，可能被调换过。请查明并从备份恢复", En: "the content of this paper is not what was received: it may have been exchanged; find out, and restore it from a backup"}
)

// ReadPaper is what a file is and what is kept of it: a picture goes without what a camera wrote into it. A fault says what it may be, and how large.
func ReadPaper(content []byte) (kind string, clean []byte, err error) {
	if len(content) > LargestPaper {
		return "", nil, TooLarge(int64(len(content)))
	}
	kind = media.Of(content)
	if clean, err = media.Clean(kind, content); err != nil || kind == "" {
		return "", nil, fault.New(fault.Invalid, notAPaper, nil).In(fault.At{Field: "file"})
	}
	return kind, clean, nil
}

// TooLarge is the fault of a file of so many bytes.
func TooLarge(size int64) error {
	return fault.New(fault.Invalid, paperLarge, fault.Args{"most": LargestPaper >> 20, "found": (size + 1<<20 - 1) >> 20}).In(fault.At{Field: "file"})
}

// AddPaper adds a paper to a filing, or to one of its items (0: to the filing as a whole).
func (c *Casework) AddPaper(ctx context.Context, tx pgx.Tx, filing, item int64, p Paper, now time.Time) error {
	digest, err := c.addPaper(ctx, tx, filing, item, p, dayOf(now))
	if err != nil {
		return err
	}
	return record(ctx, tx, "casework.paper", "filing", filing, map[string]any{"kind": p.Kind, "item": item, "digest": digest})
}

// addPaper returns the digest of the paper's file, in hexadecimal, "" of none.
func (c *Casework) addPaper(ctx context.Context, tx pgx.Tx, filing, item int64, p Paper, on calendar.Date) (string, error) {
	var kind, inVisit *string
	var size *int64
	var digest, clean []byte
	if p.VisitFile != "" {
		inVisit = &p.VisitFile
	}
	if p.Content != nil {
		if c.keys == nil {
			return "", errors.New("adding a paper: nothing seals its file")
		}
		is, content, err := ReadPaper(p.Content)
		if err != nil {
			return "", err
		}
		n, sum := int64(len(content)), sha256.Sum256(content)
		kind, size, digest, clean = &is, &n, sum[:], content
	}
	var id int64
	err := tx.QueryRow(ctx, `insert into paper (filing, item, kind, name, pages, kept, on_date, media, size, digest, visit_file)
		values ($1, nullif($2, 0), $3, $4, $5, $6, $7::date, $8, $9, $10, $11::uuid) returning id, digest`,
		filing, item, p.Kind, p.Name, p.Pages, p.Kept, on.String(), kind, size, digest, inVisit).Scan(&id, &digest)
	if err != nil {
		return "", refused("adding a paper", noFiling, err)
	}
	for at := 0; at < len(clean); at += chunkSize {
		piece := clean[at:min(at+chunkSize, len(clean))]
		if _, err := tx.Exec(ctx, "insert into paper_chunk (paper, at, size, content) values ($1, $2, $3, $4)", id, at, len(piece), c.keys.Seal(paperField, string(piece))); err != nil {
			return "", refused("keeping the file of a paper", noFiling, err)
		}
	}
	return hex.EncodeToString(digest), nil
}

const paperColumns = `select id, filing, coalesce(item, 0), kind, name, pages, kept, coalesce(visit_file::text, ''), coalesce(media, ''), coalesce(size, 0),
	coalesce(encode(digest, 'hex'), ''), on_date::text, recorded_at, account from paper `

func scanPaper(row pgx.CollectableRow) (p PaperKept, err error) {
	var on *string
	err = row.Scan(&p.ID, &p.Filing, &p.Item, &p.Kind, &p.Name, &p.Pages, &p.Kept, &p.VisitFile, &p.Media, &p.Size, &p.Digest, &on, &p.At, &p.By)
	p.On = dateOf(on)
	return p, err
}

func papersOf(ctx context.Context, tx pgx.Tx, filing int64) ([]PaperKept, error) {
	rows, err := tx.Query(ctx, paperColumns+"where filing = $1 order by id", filing)
	if err != nil {
		return nil, fmt.Errorf("reading the papers of a filing: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanPaper)
	if err != nil {
		return nil, fmt.Errorf("reading the papers of a filing: %w", err)
	}
	return all, nil
}

// PaperContent is the file of a paper, as it was kept. Who looks is recorded. A visit's file is [visit.Visits.Content]'s.
func (c *Casework) PaperContent(ctx context.Context, tx pgx.Tx, id int64) (PaperKept, []byte, error) {
	rows, err := tx.Query(ctx, paperColumns+"where id = $1 and digest is not null and visit_file is null", id)
	if err != nil {
		return PaperKept{}, nil, fmt.Errorf("reading a paper: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPaper)
	if err != nil {
		return p, nil, refused("reading a paper", noPaper, err)
	}
	content, err := c.pieces(ctx, tx, id)
	if err != nil {
		return p, nil, err
	}
	digest, err := hex.DecodeString(p.Digest)
	if sum := sha256.Sum256(content); err != nil || !bytes.Equal(sum[:], digest) {
		return p, nil, fault.New(fault.Conflict, swapped, nil)
	}
	return p, content, record(ctx, tx, "casework.paper-look", "filing", p.Filing, map[string]any{"paper": id, "item": p.Item, "digest": p.Digest})
}

func (c *Casework) pieces(ctx context.Context, tx pgx.Tx, paper int64) ([]byte, error) {
	rows, err := tx.Query(ctx, "select content from paper_chunk where paper = $1 order by at", paper)
	if err != nil {
		return nil, fmt.Errorf("reading the file of a paper: %w", err)
	}
	var whole, piece []byte
	_, err = pgx.ForEachRow(rows, []any{&piece}, func() error {
		plain, err := c.keys.Open(paperField, piece)
		whole = append(whole, plain...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the file of a paper: %w", err)
	}
	return whole, nil
}

// broughtBack are what a visit brought back, as papers of the item that it surveys; nothing of none.
func broughtBack(m *visit.Made) []Paper {
	if m == nil {
		return nil
	}
	var all []Paper
	for _, f := range m.Files {
		name := f.Kind.Name(fault.Zh)
		if f.Signer != "" {
			name += " " + f.Signer
		}
		all = append(all, Paper{Kind: "survey", Name: name, Pages: 1, Kept: keptAtVisit(m.ID), VisitFile: f.ID})
	}
	return all
}

func keptAtVisit(id int64) string { return fmt.Sprintf("visit:%d", id) }
