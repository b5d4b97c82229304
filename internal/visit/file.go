package visit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/media"
	"dajiuzhu/internal/pack"
)

// FileKind is what comes with a visit.
type FileKind string

// The kinds.
const (
	Photo   FileKind = "photo"
	Voice   FileKind = "voice"
	Consent FileKind = "consent" // the family's signature under its consent
	Sign    FileKind = "visitor" // a visitor's signature
	Family  FileKind = "family"  // the family's signature under what was found
)

// fileFacts is what a kind is called, what it may be, and how large.
type fileFacts struct {
	name  pack.Text
	media []string
	most  int64 // bytes
}

var (
	pictures = []string{"image/jpeg", "image/png", "image/webp"}
	sounds   = []string{"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/wav", "audio/aac", "audio/amr"}
)

var fileKinds = map[FileKind]fileFacts{
	Photo: {pack.Text{Zh: "照片", En: "photograph"}, pictures, 12 << 20}, Voice: {pack.Text{Zh: "录音", En: "voice note"}, sounds, 24 << 20},
	Consent: {pack.Text{Zh: "同意签字", En: "consent"}, pictures, 2 << 20}, Sign: {pack.Text{Zh: "走访人签字", En: "visitor's signature"}, pictures, 2 << 20},
	Family: {pack.Text{Zh: "家庭成员签字", En: "family's signature"}, pictures, 2 << 20},
}

// Name is what the kind is called.
func (k FileKind) Name(lang fault.Lang) string { return fileKinds[k].name.In(lang) }

const (
	largestChunk = 512 << 10 // bytes of a piece
	mostFiles    = 100       // of a visit
)

// File is something that came, or is coming, with a visit.
type File struct {
	ID       string    `json:"id"` // the device's, a UUID
	Visit    int64     `json:"visit"`
	Kind     FileKind  `json:"kind"`
	Signer   string    `json:"signer,omitempty"`    // of a signature: whose
	SignerID int64     `json:"signer_id,omitempty"` // a visitor's account
	Media    string    `json:"media"`
	Size     int64     `json:"size"`
	Digest   string    `json:"digest"` // SHA-256 of what is sent, in hexadecimal
	Taken    time.Time `json:"at"`

	Account  int64      `json:"-"`
	Received int64      `json:"received"` // bytes so far: where the next piece begins
	State    string     `json:"state"`    // receiving, kept, refused
	Why      *pack.Text `json:"why,omitempty"`
	KeptSize int64      `json:"-"`
}

var (
	noFile    = fault.Text{Key: "visit.no-such-file", Zh: "没有这个附件，或不在您的辖区", En: "there is no such file, or not in your area"}
	badFile   = fault.Text{Key: "visit.bad-file", Zh: "附件的说明不对：{detail}", En: "the description of the file is wrong: {detail}"}
	wrongKind = fault.Text{Key: "visit.file-kind", Zh: "{kind}不能是“{media}”这种文件", En: `a {kind} cannot be "{media}"`}
	tooLarge  = fault.Text{Key: "visit.file-too-large", Zh: "{kind}太大（最多{most}兆字节），请压缩或重拍", En: "the {kind} is too large ({most} MB at most): take it again, smaller"}
	manyFiles = fault.Text{Key: "visit.many-files", Zh: "这次走访的附件已有{most}个，不能再加", En: "this visit has {most} files already"}
	notNext   = fault.Text{Key: "visit.not-next", Zh: "应从第{received}字节接着传", En: "the next piece begins at byte {received}"}
	bigChunk  = fault.Text{Key: "visit.big-piece", Zh: "一次传得太多，每次最多{most}字节", En: "a piece is {most} bytes at most"}
	overfull  = fault.Text{Key: "visit.overfull", Zh: "传来的比说明的多", En: "more was sent than the description says"}
	exchanged = fault.Text{Key: "visit.exchanged", Zh: "这个附件的内容与收到时的不一致，可能被调换过。请查明并从备份恢复", En: "the content of this file is not what was received: it may have been exchanged; find out, and restore it from a backup"}
	notWhat   = fault.Text{Key: "visit.not-what-it-says", Zh: "文件内容不是{kind}，或已损坏，请重拍、重录", En: "the content is no {kind}, or is damaged: take it again"}
)

// wrong is the fault of a file's description, nil of none.
func (f *File) wrong() error {
	facts, known := fileKinds[f.Kind]
	digest, err := hex.DecodeString(f.Digest)
	switch {
	case !uuid.MatchString(f.ID):
		return fault.New(fault.Invalid, badFile, fault.Args{"detail": "id"})
	case !known:
		return fault.New(fault.Invalid, badFile, fault.Args{"detail": "kind"})
	case err != nil || len(digest) != sha256.Size:
		return fault.New(fault.Invalid, badFile, fault.Args{"detail": "digest"})
	case f.Size <= 0 || f.Visit <= 0:
		return fault.New(fault.Invalid, badFile, fault.Args{"detail": "size"})
	case !utf8.ValidString(f.Signer) || utf8.RuneCountInString(f.Signer) > 60 || strings.ContainsRune(f.Signer, 0):
		return fault.New(fault.Invalid, badFile, fault.Args{"detail": "signer"})
	case !slices.Contains(facts.media, mediaType(f.Media)):
		return fault.New(fault.Invalid, wrongKind, fault.Args{"kind": facts.name.Zh, "media": fault.Excerpt(f.Media)})
	case f.Size > facts.most:
		return fault.New(fault.Invalid, tooLarge, fault.Args{"kind": facts.name.Zh, "most": facts.most >> 20})
	}
	return nil
}

// mediaType is a type without its parameters.
func mediaType(s string) string {
	name, _, _ := strings.Cut(s, ";")
	return strings.TrimSpace(strings.ToLower(name))
}

// Begin says that a file comes, and tells how much of it is there. Said again, it changes nothing: so a device finds where to go on.
func (v *Visits) Begin(ctx context.Context, tx pgx.Tx, f File) (File, error) {
	if err := f.wrong(); err != nil {
		return File{}, err
	}
	if there, err := v.File(ctx, tx, f.ID); err == nil || fault.KindOf(err) != fault.NotFound {
		return there, err
	}
	var n int
	if err := tx.QueryRow(ctx, "select count(*) from visit_file where visit = $1", f.Visit).Scan(&n); err != nil {
		return File{}, failed("counting files", err)
	}
	if n >= mostFiles {
		return File{}, fault.New(fault.Conflict, manyFiles, fault.Args{"most": mostFiles})
	}
	digest, _ := hex.DecodeString(f.Digest)
	tag, err := tx.Exec(ctx, `insert into visit_file (id, visit, kind, signer, signer_id, media, size, digest, taken_at)
		values ($1, $2, $3, $4, nullif($5::bigint, 0), $6, $7, $8, $9) on conflict (id) do nothing`,
		f.ID, f.Visit, string(f.Kind), f.Signer, f.SignerID, mediaType(f.Media), f.Size, digest, f.Taken)
	if err != nil {
		return File{}, failed("beginning a file", err)
	}
	if tag.RowsAffected() == 1 {
		if err := record(ctx, tx, "visit.file", subject(f.Visit), map[string]any{"file": f.ID, "kind": string(f.Kind), "digest": f.Digest}); err != nil {
			return File{}, err
		}
	}
	return v.File(ctx, tx, f.ID)
}

const selectFile = `select id::text, visit, account, kind, signer, coalesce(signer_id, 0), media, size, encode(digest, 'hex'), taken_at, received, state, why,
	coalesce(kept_size, 0) from visit_file `

func scanFile(row pgx.CollectableRow) (f File, err error) {
	return f, row.Scan(&f.ID, &f.Visit, &f.Account, &f.Kind, &f.Signer, &f.SignerID, &f.Media, &f.Size, &f.Digest, &f.Taken, &f.Received, &f.State, &f.Why, &f.KeptSize)
}

// File is a file as it stands.
func (v *Visits) File(ctx context.Context, tx pgx.Tx, id string) (File, error) {
	if !uuid.MatchString(id) {
		return File{}, fault.New(fault.NotFound, noFile, nil)
	}
	all, err := files(ctx, tx, "where id = $1", id)
	if err != nil {
		return File{}, err
	}
	if len(all) == 0 {
		return File{}, fault.New(fault.NotFound, noFile, nil)
	}
	return all[0], nil
}

// Files are those of a visit, in the order in which they came.
func (v *Visits) Files(ctx context.Context, tx pgx.Tx, visit int64) ([]File, error) {
	return files(ctx, tx, "where visit = $1 order by begun_at, id", visit)
}

func files(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]File, error) {
	rows, err := tx.Query(ctx, selectFile+which, args...)
	if err != nil {
		return nil, failed("reading files", err)
	}
	all, err := pgx.CollectRows(rows, scanFile)
	return all, failed("reading files", err)
}

// Append takes the piece of a file that begins at a byte. One that is there already is not taken again; one that leaves a gap is refused with
// where to go on. After the last the file is looked at: kept, or refused if it is not what it says, or asked for again if it was damaged on its way.
func (v *Visits) Append(ctx context.Context, tx pgx.Tx, id string, at int64, piece []byte) (File, error) {
	if len(piece) > largestChunk {
		return File{}, fault.New(fault.Invalid, bigChunk, fault.Args{"most": largestChunk})
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('dajiuzhu file ' || $1, 0))", id); err != nil {
		return File{}, failed("waiting to take a piece", err)
	}
	f, err := v.File(ctx, tx, id)
	if err != nil || f.State != "receiving" || len(piece) == 0 || at+int64(len(piece)) <= f.Received {
		return f, err
	}
	switch {
	case at != f.Received:
		return f, fault.New(fault.Conflict, notNext, fault.Args{"received": f.Received})
	case at+int64(len(piece)) > f.Size:
		return f, fault.New(fault.Invalid, overfull, nil)
	}
	if err := v.keepPiece(ctx, tx, id, at, piece); err != nil {
		return f, err
	}
	f.Received += int64(len(piece))
	if f.Received < f.Size {
		_, err := tx.Exec(ctx, "update visit_file set received = $2 where id = $1", id, f.Received)
		return f, failed("taking a piece", err)
	}
	return v.finish(ctx, tx, f)
}

func (v *Visits) keepPiece(ctx context.Context, tx pgx.Tx, id string, at int64, piece []byte) error {
	_, err := tx.Exec(ctx, "insert into visit_chunk (file, at, size, content) values ($1, $2, $3, $4)", id, at, len(piece), v.keys.Seal(fileField, string(piece)))
	var p *pgconn.PgError
	if errors.As(err, &p) && p.Code == "42501" {
		return fault.New(fault.NotFound, noFile, nil)
	}
	return failed("taking a piece", err)
}

// finish looks at a file that is there whole.
func (v *Visits) finish(ctx context.Context, tx pgx.Tx, f File) (File, error) {
	content, err := v.pieces(ctx, tx, f.ID)
	if err != nil {
		return f, err
	}
	clean, what := []byte(nil), (*pack.Text)(nil)
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) == f.Digest {
		if clean, err = media.Clean(mediaType(f.Media), content); err != nil {
			what = whyOf(fault.New(fault.Invalid, notWhat, fault.Args{"kind": fileKinds[f.Kind].name.Zh}))
		}
	}
	if clean == nil || !bytes.Equal(clean, content) { // what was damaged, is not what it says, or says too much, goes
		if _, err := tx.Exec(ctx, "delete from visit_chunk where file = $1", f.ID); err != nil {
			return f, failed("cleaning a file", err)
		}
	}
	switch {
	case what != nil:
		_, err = tx.Exec(ctx, "update visit_file set received = 0, state = 'refused', why = $2 where id = $1", f.ID, what)
	case clean == nil: // damaged on its way: it is asked for again
		_, err = tx.Exec(ctx, "update visit_file set received = 0 where id = $1", f.ID)
	default:
		err = v.store(ctx, tx, f, content, clean)
	}
	if err != nil {
		return f, failed("keeping a file", err)
	}
	return v.File(ctx, tx, f.ID)
}

func (v *Visits) store(ctx context.Context, tx pgx.Tx, f File, content, clean []byte) error {
	if !bytes.Equal(clean, content) {
		for at := 0; at < len(clean); at += largestChunk {
			if err := v.keepPiece(ctx, tx, f.ID, int64(at), clean[at:min(at+largestChunk, len(clean))]); err != nil {
				return err
			}
		}
	}
	sum := sha256.Sum256(clean)
	_, err := tx.Exec(ctx, "update visit_file set received = size, state = 'kept', kept_size = $2, kept_digest = $3 where id = $1", f.ID, len(clean), sum[:])
	return err
}

func (v *Visits) pieces(ctx context.Context, tx pgx.Tx, id string) ([]byte, error) {
	rows, err := tx.Query(ctx, "select content from visit_chunk where file = $1 order by at", id)
	if err != nil {
		return nil, failed("reading a file", err)
	}
	var whole []byte
	var sealed []byte
	if _, err := pgx.ForEachRow(rows, []any{&sealed}, func() error {
		plain, err := v.keys.Open(fileField, sealed)
		whole = append(whole, plain...)
		return err
	}); err != nil {
		return nil, failed("reading a file", err)
	}
	return whole, nil
}

// Content is a file that was kept, as it was kept. Who looks is recorded.
func (v *Visits) Content(ctx context.Context, tx pgx.Tx, id string) (File, []byte, error) {
	f, err := v.File(ctx, tx, id)
	if err != nil {
		return f, nil, err
	}
	if f.State != "kept" {
		return f, nil, fault.New(fault.NotFound, noFile, nil)
	}
	content, err := v.pieces(ctx, tx, id)
	if err != nil {
		return f, nil, err
	}
	var whole bool
	sum := sha256.Sum256(content)
	if err := tx.QueryRow(ctx, "select kept_digest = $2 from visit_file where id = $1", id, sum[:]).Scan(&whole); err != nil {
		return f, nil, failed("comparing a file with its digest", err)
	}
	if !whole {
		return f, nil, fault.New(fault.Conflict, exchanged, nil)
	}
	return f, content, record(ctx, tx, "visit.look", subject(f.Visit), map[string]any{"file": f.ID})
}
