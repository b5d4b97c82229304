package visits

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

const (
	largestUpload = 26 << 20 // bytes of a form with a file
	pieceSize     = 256 << 10
)

var (
	badBody  = fault.Text{Key: "visits.bad-body", Zh: "送来的内容读不了，可能过大", En: "what was sent cannot be read; it may be too large"}
	noUpload = fault.Text{Key: "visits.no-upload", Zh: "请选择一个文件", En: "choose a file"}
)

// begin is told that a file comes, and tells how much of it is there.
func (p *Pages) begin(v *web.Visit) error {
	var f visit.File
	if err := json.NewDecoder(v.R.Body).Decode(&f); err != nil {
		return told(v, fault.New(fault.Invalid, badBody, nil).Because(err))
	}
	if f.Taken.After(v.Now()) || f.Taken.IsZero() {
		f.Taken = v.Now()
	}
	if f.Kind == visit.Sign && f.SignerID == 0 {
		f.SignerID = v.Session.Account
	}
	if err := p.asDevice(v, func(ctx context.Context, tx pgx.Tx) (err error) { f, err = p.Visits.Begin(ctx, tx, f); return err }); err != nil {
		return told(v, err)
	}
	return reply(v, http.StatusOK, f)
}

// piece takes a piece of a file.
func (p *Pages) piece(v *web.Visit) error {
	content, err := io.ReadAll(v.R.Body)
	if err != nil {
		return told(v, fault.New(fault.Invalid, badBody, nil).Because(err))
	}
	at, err := strconv.ParseInt(v.R.URL.Query().Get("at"), 10, 64)
	if err != nil || at < 0 {
		return told(v, fault.New(fault.Invalid, badBody, nil))
	}
	var f visit.File
	err = p.asDevice(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		f, err = p.Visits.Append(ctx, tx, v.R.PathValue("file"), at, content)
		return err
	})
	if err != nil {
		return told(v, err)
	}
	return reply(v, http.StatusOK, f)
}

// upload takes a file from a plain form.
func (p *Pages) upload(v *web.Visit) error {
	if err := v.R.ParseMultipartForm(2 << 20); err != nil {
		return fault.New(fault.Invalid, badBody, nil).Because(err)
	}
	defer v.R.MultipartForm.RemoveAll()
	number, err := id(v, "visit")
	if err != nil {
		return err
	}
	at, uuid, err := tokenOf(v)
	if err != nil {
		return err
	}
	file, header, err := v.R.FormFile("file")
	if err != nil {
		return fault.New(fault.Invalid, noUpload, nil)
	}
	defer file.Close()
	f, content, err := describe(v, file, header)
	if err != nil {
		return err
	}
	f.ID, f.Visit, f.Taken = uuid("file"), number, at
	if f, err = p.store(v, f, content); err != nil {
		return err
	}
	if f.Why != nil {
		return &fault.Error{Kind: fault.Invalid, Text: fault.Text{Key: "visits.refused-file", Zh: f.Why.Zh, En: f.Why.En}}
	}
	return v.Redirect(fmt.Sprintf("/visits/%d/check", number))
}

// describe is what a form says of a file, with its content.
func describe(v *web.Visit, file multipart.File, header *multipart.FileHeader) (visit.File, []byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, largestUpload))
	if err != nil {
		return visit.File{}, nil, fault.New(fault.Invalid, badBody, nil).Because(err)
	}
	if len(content) == 0 {
		return visit.File{}, nil, fault.New(fault.Invalid, noUpload, nil)
	}
	sum := sha256.Sum256(content)
	f := visit.File{Kind: visit.FileKind(v.R.PostFormValue("kind")), Signer: v.R.PostFormValue("signer"), Media: header.Header.Get("Content-Type"),
		Size: int64(len(content)), Digest: hex.EncodeToString(sum[:])}
	if f.Kind == visit.Sign {
		f.SignerID, f.Signer = v.Session.Account, v.Session.Name
	}
	return f, content, nil
}

// store keeps a file that is here whole.
func (p *Pages) store(v *web.Visit, f visit.File, content []byte) (visit.File, error) {
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if f, err = p.Visits.Begin(ctx, tx, f); err != nil {
			return err
		}
		for at := 0; at < len(content); at += pieceSize {
			if f, err = p.Visits.Append(ctx, tx, f.ID, int64(at), content[at:min(at+pieceSize, len(content))]); err != nil {
				return err
			}
		}
		return nil
	})
	return f, err
}

// look shows a file to whoever may see the visit.
func (p *Pages) look(v *web.Visit) error {
	var f visit.File
	var content []byte
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		f, content, err = p.Visits.Content(ctx, tx, v.R.PathValue("file"))
		return err
	})
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", f.Media)
	h.Set("Content-Disposition", "inline")
	http.ServeContent(v.W, v.R, "", time.Time{}, bytes.NewReader(content))
	return nil
}
