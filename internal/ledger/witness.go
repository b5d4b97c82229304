package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// WitnessAt is a witness and where it is asked.
type WitnessAt struct {
	note.Verifier
	Address string // the prefix of C2SP tlog-witness, before /add-checkpoint
}

var badWitness = fault.Text{
	Key: "ledger.bad-witness",
	Zh:  "见证人无法读取。应为“网址#公钥”，如 https://witness.example/#witness.example+1a2b3c4d+Base64",
	En:  "the witness cannot be read: it is ADDRESS#KEY, as https://witness.example/#witness.example+1a2b3c4d+Base64",
}

// ParseWitnessAt reads a witness as ADDRESS#KEY.
func ParseWitnessAt(text string) (WitnessAt, error) {
	address, key, _ := strings.Cut(text, "#")
	u, err := url.Parse(address)
	v, bad := ParseWitness(key)
	if err != nil || bad != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" {
		return WitnessAt{}, fault.New(fault.Invalid, badWitness, nil)
	}
	return WitnessAt{v, strings.TrimSuffix(address, "/")}, nil
}

// Asker has witnesses cosign the ledger's newest heads and keeps what they say. Any number may run.
type Asker struct {
	db   *postgres.DB
	log  *slog.Logger
	http *http.Client
}

const (
	askEvery     = time.Second      // how often a witness is asked for a new head at most
	askPatience  = 10 * time.Second // how long an answer is waited for
	longestPause = time.Minute      // between two attempts at a witness that does not answer
	maxAnswer    = 16 << 10         // bytes of an answer
)

// NewAsker returns an asker.
func NewAsker(db *postgres.DB, log *slog.Logger) *Asker {
	return &Asker{db, log, &http.Client{Timeout: askPatience}}
}

// Run asks a witness for as long as the context lasts. A witness that is away is asked less and less often; one that finds the ledger changed
// is told in the log each time.
func (a *Asker) Run(ctx context.Context, w WitnessAt) {
	for wait := askEvery; ctx.Err() == nil; pause(ctx, wait) {
		if _, err := a.Ask(ctx, w); err != nil {
			if wait *= 2; wait > longestPause {
				wait = longestPause
			}
			a.log.Error("a witness did not cosign the ledger", "witness", w.Name(), "err", err)
			continue
		}
		wait = askEvery
	}
}

// Ask has a witness cosign the newest head, unless it has, and returns up to which size it has.
func (a *Asker) Ask(ctx context.Context, w WitnessAt) (size int64, err error) {
	var head Head
	var last int64
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		if head, err = NewestHead(ctx, tx); err != nil {
			return err
		}
		last, err = cosignedTo(ctx, tx, w.Name())
		return err
	})
	if err != nil || last == head.Tree.N {
		return last, err
	}
	line, err := a.submit(ctx, w, head, last)
	if err != nil {
		return last, err
	}
	return head.Tree.N, a.db.Work(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into cosignature (size, witness, line) values ($1, $2, $3) on conflict do nothing", head.Tree.N, w.Name(), line)
		if err != nil {
			return fmt.Errorf("keeping a cosignature: %w", withoutRow(err))
		}
		return nil
	})
}

// cosignedTo is the size of the newest head that a witness has cosigned, 0 if none.
func cosignedTo(ctx context.Context, tx pgx.Tx, name string) (size int64, err error) {
	if err := tx.QueryRow(ctx, "select coalesce(max(size), 0) from cosignature where witness = $1", name).Scan(&size); err != nil {
		return 0, fmt.Errorf("looking what a witness has cosigned: %w", err)
	}
	return size, nil
}

// submit sends a head, first as what follows the last one that is known to be cosigned, and if the witness knows of another then after that one.
func (a *Asker) submit(ctx context.Context, w WitnessAt, head Head, last int64) (line string, err error) {
	for range 3 {
		knows, line, err := a.send(ctx, w, head, last)
		switch {
		case err != nil || line != "":
			return line, err
		case knows > head.Tree.N:
			return "", fmt.Errorf("it has cosigned %d leaves, and here are %d: the ledger was cut, or brought back from a backup", knows, head.Tree.N)
		case knows == last:
			return "", fmt.Errorf("it has cosigned other leaves than the %d that are here: the ledger was rewritten", knows)
		}
		last = knows
	}
	return "", errors.New("others keep submitting heads to it")
}

// send sends a head once. If the witness has cosigned another size than the last, it says so and gives no line.
func (a *Asker) send(ctx context.Context, w WitnessAt, head Head, last int64) (knows int64, line string, err error) {
	var proof tlog.TreeProof
	if last > 0 {
		err := a.db.Work(ctx, func(tx pgx.Tx) (err error) {
			proof, err = tlog.ProveTree(head.Tree.N, last, Hashes(ctx, tx))
			return err
		})
		if err != nil {
			return 0, "", fmt.Errorf("proving a head to a witness: %w", err)
		}
	}
	body := fmt.Appendf(nil, "old %d\n", last)
	for _, h := range proof {
		body = append(body, h.String()...)
		body = append(body, '\n')
	}
	body = append(append(body, '\n'), head.Checkpoint...)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Address+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	answer, err := a.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, "", err
	}
	switch answer.StatusCode {
	case http.StatusOK:
		line, err := lineOf(head.Checkpoint, string(text), w)
		return 0, line, err
	case http.StatusConflict:
		if knows, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && knows >= 0 {
			return knows, "", nil
		}
	case http.StatusUnprocessableEntity:
		return 0, "", fmt.Errorf("it does not find that this goes on from the %d leaves that it has cosigned: the ledger was rewritten", last)
	}
	return 0, "", fmt.Errorf("it answers %s", answer.Status)
}

// lineOf is the witness's own line of an answer, which must hold.
func lineOf(checkpoint []byte, answer string, w note.Verifier) (string, error) {
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, "— "+w.Name()+" ") && strings.HasSuffix(line, "\n") && cosignedBy(append(bytes.Clone(checkpoint), line...), w) {
			return line, nil
		}
	}
	return "", errors.New("its answer holds no cosignature of its key")
}

// Witnessed is the newest head that a witness has cosigned, of the name "" any, with all cosignatures; one without a checkpoint if there is none.
func Witnessed(ctx context.Context, tx pgx.Tx, name string) (Head, error) {
	var size int64
	err := tx.QueryRow(ctx, "select coalesce(max(size), 0) from cosignature where witness = $1 or $1 = ''", name).Scan(&size)
	if err != nil {
		return Head{}, fmt.Errorf("looking for a head with a cosignature: %w", err)
	}
	if size == 0 {
		return Head{}, nil
	}
	return headOf(ctx, tx, size)
}

// headOf is the head of a size, with its cosignatures.
func headOf(ctx context.Context, tx pgx.Tx, size int64) (Head, error) {
	var root []byte
	var checkpoint string
	err := tx.QueryRow(ctx, `select root, checkpoint || coalesce((select string_agg(line, '' order by witness) from cosignature c where c.size = h.size), '')
		from tree_head h where size = $1`, size).Scan(&root, &checkpoint)
	if err != nil {
		return Head{}, fmt.Errorf("reading a head of the ledger: %w", err)
	}
	return Head{tlog.Tree{N: size, Hash: tlog.Hash(root)}, []byte(checkpoint)}, nil
}

// Unwitnessed is for how many seconds a head has waited for a witness's cosignature of it or of a later one, 0 if none does.
func Unwitnessed(ctx context.Context, tx pgx.Tx, name string) (seconds float64, err error) {
	err = tx.QueryRow(ctx, `select coalesce((select extract(epoch from clock_timestamp() - at) from tree_head
		where size > coalesce((select max(size) from cosignature where witness = $1), 0) order by size limit 1), 0)::float8`, name).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("looking how far behind a witness is: %w", err)
	}
	return seconds, nil
}
