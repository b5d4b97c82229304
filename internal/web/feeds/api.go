package feeds

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/web"
)

var (
	noToken = fault.Text{Key: "feeds.no-token",
		Zh: "请在请求头 Authorization: Bearer 里带上令牌，或先登录；岗位须有报送数据的权限",
		En: "send a token in the header Authorization: Bearer, or sign in; the posting must be allowed to deliver data"}
	noName = fault.Text{Key: "feeds.no-name",
		Zh: "请用 multipart/form-data 上传文件，或在 ?name= 里写明文件名", En: "send files as multipart/form-data, or name the file by ?name="}
)

// apiUploadState is an upload as programs read it.
type apiUploadState struct {
	Upload  int64      `json:"upload"`
	State   string     `json:"state"` // waiting, done, refused
	Hold    bool       `json:"hold"`  // its batches wait for an administrator
	Rows    int64      `json:"rows"`  // read so far
	Faults  []apiFault `json:"faults,omitempty"`
	Batches []apiBatch `json:"batches,omitempty"`
	Link    string     `json:"link"`
}

type apiBatch struct {
	Batch    int64      `json:"batch"`
	State    string     `json:"state"`
	Rows     int64      `json:"rows"`
	Rejected int        `json:"rejected"`
	Faults   []apiFault `json:"faults,omitempty"`
}

type apiFault struct {
	Key  string `json:"key"`
	File string `json:"file,omitempty"`
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

func apiFaults(all fault.List) []apiFault {
	var out []apiFault
	for _, f := range all {
		out = append(out, apiFault{f.Text.Key, f.At.File, f.Message(fault.Zh), f.Message(fault.En)})
	}
	return out
}

// answer answers in JSON; a fault of ours tells what to do about it, and what is none is explained as on any page.
func answer(v *web.Visit, status int, body any, err error) error {
	v.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err != nil {
		var told *fault.Error
		message := ""
		if status, message = v.Explain(err); errors.As(err, &told) && status != http.StatusInternalServerError {
			body = map[string]any{"error": apiFaults(fault.List{told})[0]}
		} else {
			body = map[string]any{"error": apiFault{Key: "internal", Zh: message, En: message}}
		}
	}
	if status == http.StatusUnauthorized {
		v.W.Header().Set("WWW-Authenticate", "Bearer")
	}
	v.W.WriteHeader(status)
	return json.NewEncoder(v.W).Encode(body)
}

// delivering is who delivers: by a token, which does nothing else, or by a session.
func (p *Pages) delivering(v *web.Visit) (access.Session, error) {
	if token, ok := strings.CutPrefix(v.R.Header.Get("Authorization"), "Bearer "); ok {
		return p.Access.Delivering(v.R.Context(), strings.TrimSpace(token))
	}
	if !v.Session.May(access.Deliver) {
		return access.Session{}, fault.New(fault.Forbidden, noToken, nil)
	}
	return v.Session, nil
}

// deliver receives a delivery from a program. The same content again is the same batch; it is told by the upload's batches.
func (p *Pages) deliver(v *web.Visit) error {
	s, err := p.delivering(v)
	if err != nil {
		return answer(v, 0, nil, err)
	}
	f := p.feedOf(v.R.PathValue("feed"))
	if f == nil || s.Posting.Role == access.Department && f.Department != s.Posting.Department {
		return answer(v, 0, nil, fault.New(fault.NotFound, noSuchFeed, nil))
	}
	allowTime(v)
	next, err := apiFiles(v.R)
	if err != nil {
		return answer(v, 0, nil, err)
	}
	hold := v.R.URL.Query().Get("hold") != "" || !s.May(access.PromoteBatch)
	id, err := p.receive(v.R.Context(), s.Principal(""), next, func() ingest.Door { return door(s, f.ID) }, func() bool { return hold }, ingest.FromAPI)
	if err != nil {
		return answer(v, 0, nil, shown(err))
	}
	v.W.Header().Set("Location", "/api/uploads/"+strconv.FormatInt(id, 10))
	return p.answerUpload(v, s, id, http.StatusAccepted)
}

// apiFiles are the files of a request: the parts of a form, or its body under the name that it says.
func apiFiles(r *http.Request) (func() (string, io.Reader, error), error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		parts, err := r.MultipartReader()
		if err != nil {
			return nil, fault.New(fault.Invalid, notAnUpload, nil).Because(err)
		}
		return func() (string, io.Reader, error) {
			for {
				part, err := parts.NextPart()
				if err != nil {
					return "", nil, err
				}
				if part.FileName() != "" {
					return part.FileName(), part, nil
				}
			}
		}, nil
	}
	name := r.URL.Query().Get("name")
	if name == "" {
		return nil, fault.New(fault.Invalid, noName, nil)
	}
	given := false
	return func() (string, io.Reader, error) {
		if given {
			return "", nil, io.EOF
		}
		given = true
		return name, r.Body, nil
	}, nil
}

// apiUpload tells how far an upload is.
func (p *Pages) apiUpload(v *web.Visit) error {
	s, err := p.delivering(v)
	if err != nil {
		return answer(v, 0, nil, err)
	}
	id, err := number(v, "id")
	if err != nil {
		return answer(v, 0, nil, err)
	}
	return p.answerUpload(v, s, id, http.StatusOK)
}

func (p *Pages) answerUpload(v *web.Visit, s access.Session, id int64, status int) error {
	state := apiUploadState{Upload: id, Link: "/api/uploads/" + strconv.FormatInt(id, 10)}
	ctx := v.R.Context()
	err := p.DB.As(ctx, s.Principal(""), func(tx pgx.Tx) error {
		u, err := p.Uploads.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		state.State, state.Hold, state.Rows, state.Faults = string(u.State), u.Hold, u.Rows, apiFaults(u.Faults)
		return p.apiBatches(ctx, tx, u.Batches, &state)
	})
	return answer(v, status, state, err)
}

func (p *Pages) apiBatches(ctx context.Context, tx pgx.Tx, ids []int64, state *apiUploadState) error {
	for _, id := range ids {
		b, err := p.Record.Batch(ctx, tx, id)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		one := apiBatch{Batch: id, State: string(b.State), Rows: b.Rows, Faults: apiFaults(b.Faults)}
		files, err := p.Record.Files(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, f := range files {
			one.Rejected += f.Rejected
		}
		state.Batches = append(state.Batches, one)
	}
	return nil
}
