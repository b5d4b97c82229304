package screening

import (
	"cmp"
	"context"
	"runtime"
	"sync"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
)

// Progress is told how many chunks are done; it may be nil.
type Progress func(done, total int)

var broken = fault.Text{Key: "screening.broken",
	Zh: "运算中断", En: "the screening was interrupted"}

// Run screens a population on the date of the plan.
func Run(ctx context.Context, plan *rules.Plan, people People, progress Progress) (*Result, error) {
	kept, err := Keep(ctx, plan, people, progress)
	if err != nil {
		return nil, err
	}
	return NewResult(plan, people, kept), nil
}

// Keep evaluates a whole population on all processors and keeps what it comes to. The same facts, plan and chunks keep the
// same bytes, whatever the number of processors.
func Keep(ctx context.Context, plan *rules.Plan, people People, progress Progress) (*Kept, error) {
	k := &Kept{legend: newLegend(plan, people.Checksum()), chunks: make([][]byte, people.Chunks())}
	err := inParallel(ctx, len(k.chunks), progress, func() func(int) {
		keeper := newKeeper(plan, &k.legend, people)
		return func(i int) { k.chunks[i] = keeper.chunk(i) }
	})
	if err != nil {
		return nil, err
	}
	k.count()
	return k, nil
}

// count learns from the heads of the chunks where the households of each begin.
func (k *Kept) count() {
	k.starts, k.people = make([]int32, 1, len(k.chunks)+1), 0
	for i, content := range k.chunks {
		r := &reader{rest: content}
		households, persons := r.count(lanesMost), r.count(lanesMost)
		k.starts = append(k.starts, k.starts[i]+int32(households))
		k.people += persons
	}
}

// check reads every chunk as far as anybody will, on all processors, and says what is wrong with the first that is.
func (k *Kept) check() error {
	wrong := make([]error, len(k.chunks))
	err := inParallel(context.Background(), len(k.chunks), nil, func() func(int) {
		var c chunk
		return func(i int) {
			if wrong[i] = c.read(k.chunks[i], &k.legend); wrong[i] == nil {
				wrong[i] = c.readWaiting(&k.legend)
			}
		}
	})
	return cmp.Or(err, firstOf(wrong))
}

func firstOf(all []error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// inParallel does n things on all processors. Each worker is made by worker and does one thing at a time.
func inParallel(ctx context.Context, n int, progress Progress, worker func() func(i int)) error {
	next := make(chan int)
	var workers sync.WaitGroup
	var mutex sync.Mutex
	done := 0
	for range min(runtime.GOMAXPROCS(0), max(1, n)) {
		workers.Go(func() {
			work := worker()
			for i := range next {
				work(i)
				mutex.Lock()
				done++
				if progress != nil {
					progress(done, n)
				}
				mutex.Unlock()
			}
		})
	}
	err := handOut(ctx, next, n)
	workers.Wait()
	return err
}

func handOut(ctx context.Context, next chan<- int, n int) error {
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return fault.New(fault.Unready, broken, nil).Because(ctx.Err())
		}
	}
	return nil
}
