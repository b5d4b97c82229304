package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"unicode/utf8"

	"dajiuzhu/internal/fault"
)

// Upload is a file that came with a form. What its sender calls it tells nothing of what it is.
type Upload struct {
	Name    string
	Size    int64
	Content []byte // nil of one that is larger than may be
}

var (
	brokeOff  = fault.Text{Key: "web.upload-broke-off", Zh: "文件没有收完整，或一次上传的太多。请少选几个再试", En: "the files did not come whole, or are too much at once: choose fewer and try again"}
	manyFiles = fault.Text{Key: "web.many-files", Zh: "一次最多选{most}个文件", En: "choose {most} files at most at once"}
)

// Uploads reads a form with files, of a route whose Largest is more than they are together: its texts, which come before the files, are then there as
// those of any form, also where a fault of kind Invalid says that the files did not come as they may. Files of no content, which stand for none
// chosen, are left out. What a form's key is held against has the digests of its files.
func (v *Visit) Uploads(field string, most int, largest int64) ([]Upload, error) {
	v.R.PostForm, v.R.Form = url.Values{}, v.R.URL.Query()
	parts, err := v.R.MultipartReader()
	if err != nil {
		return nil, fault.New(fault.Invalid, badForm, nil).Because(err)
	}
	var all []Upload
	for left := int64(largestBody); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, brokeOff, nil).In(fault.At{Field: field}).Because(err)
		}
		if part.FileName() == "" {
			text, err := io.ReadAll(io.LimitReader(part, left+1))
			if left -= int64(len(text)); err != nil || left < 0 || !utf8.Valid(text) {
				return nil, fault.New(fault.Invalid, badForm, nil).Because(err)
			}
			if part.FormName() != field {
				v.R.PostForm.Add(part.FormName(), string(text))
				v.R.Form.Add(part.FormName(), string(text))
			}
			continue
		}
		u, err := upload(part, part.FileName(), largest)
		switch {
		case err != nil:
			return nil, fault.New(fault.Invalid, brokeOff, nil).In(fault.At{Field: field}).Because(err)
		case u.Size == 0:
			continue
		case len(all) == most:
			return nil, fault.New(fault.Invalid, manyFiles, fault.Args{"most": most}).In(fault.At{Field: field})
		}
		sum := sha256.Sum256(u.Content)
		v.R.PostForm.Add(field, hex.EncodeToString(sum[:]))
		all = append(all, u)
	}
}

// upload reads a file, and of one that is too large no more than how large it is.
func upload(from io.Reader, name string, largest int64) (Upload, error) {
	content, err := io.ReadAll(io.LimitReader(from, largest+1))
	if err != nil {
		return Upload{}, err
	}
	u := Upload{Name: name, Size: int64(len(content)), Content: content}
	if u.Size > largest {
		rest, err := io.Copy(io.Discard, from)
		u.Size, u.Content = u.Size+rest, nil
		return u, err
	}
	return u, nil
}
