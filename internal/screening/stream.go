package screening

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// Stream is people that come one batch after the other and are not seen again.
type Stream interface {
	// Next is the next batch and who its households are; [io.EOF] ends the stream. It is called by one worker at a time.
	Next() (*rules.Batch, []population.Household, error)
}

// KeepStream evaluates a stream on all processors and keeps what it comes to. The people that it returns tell keys and numbers of
// members, and nothing else of them: their facts are gone.
func KeepStream(ctx context.Context, plan *rules.Plan, stream Stream) (*Kept, People, error) {
	k := &Kept{legend: newLegend(plan, "")}
	s := &streaming{ctx: ctx, stream: stream}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() { s.work(newKeeper(plan, &k.legend, nil)) })
	}
	workers.Wait()
	if s.err != nil {
		return nil, nil, s.err
	}
	k.chunks = s.chunks
	k.count()
	return k, unnamed{k}, nil
}

// streaming is a stream being worked off.
type streaming struct {
	ctx    context.Context
	mutex  sync.Mutex
	stream Stream
	chunks [][]byte
	ended  bool
	err    error
}

// work evaluates batches until there are no more.
func (s *streaming) work(k *keeper) {
	for {
		b, who, at := s.next()
		if b == nil {
			return
		}
		k.who.clear()
		for _, h := range who {
			k.who.Add(h)
		}
		content := k.keep(b, &k.who)
		s.mutex.Lock()
		s.chunks[at] = content
		s.mutex.Unlock()
	}
}

// next is the next batch and its place; nil at the end.
func (s *streaming) next() (*rules.Batch, []population.Household, int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return nil, nil, 0
	}
	b, who, err := s.stream.Next()
	if s.ctx.Err() != nil {
		err = fault.New(fault.Unready, broken, nil).Because(s.ctx.Err())
	}
	if err != nil {
		s.ended = true
		if !errors.Is(err, io.EOF) {
			s.err = err
		}
		return nil, nil, 0
	}
	s.chunks = append(s.chunks, nil)
	return b, who, len(s.chunks) - 1
}
