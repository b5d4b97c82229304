package screening

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
)

// Baseline is a screening that is kept in a folder under the checksum of everything that it rests on: the policy, the facts, the
// day and the version of the engine. It is computed only if it is not there. Notice tells, in a fault, that a kept one was damaged or
// that this one could not be kept; the result is whole all the same.
func Baseline(ctx context.Context, plan *rules.Plan, people People, dir string, progress Progress) (r *Result, notice, err error) {
	l := newLegend(plan, people.Checksum())
	if l.Population == "" {
		r, err = Run(ctx, plan, people, progress)
		return r, nil, err
	}
	path := filepath.Join(dir, l.sum()+".kept")
	kept, notice := loadBaseline(path, l)
	if kept != nil {
		return NewResult(plan, people, kept), nil, nil
	}
	if r, err = Run(ctx, plan, people, progress); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, errors.Join(notice, fmt.Errorf("making the folder of baselines: %w", err)), nil
	}
	return r, errors.Join(notice, r.Kept.Save(path)), nil
}

// loadBaseline is a kept screening; nil if there is none or it is damaged, which the notice tells.
func loadBaseline(path string, want legend) (*Kept, error) {
	kept, err := Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case kept.legend.sum() != want.sum():
		return nil, fault.New(fault.Invalid, damaged, fault.Args{"file": path, "why": errOther.Error()})
	}
	return kept, nil
}

// sum is a checksum of the legend: of what the screening rests on.
func (l *legend) sum() string {
	text, _ := json.Marshal(l)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
