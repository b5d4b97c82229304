package main

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Those who share memory never take more than there is together, and whoever needs more than that has it alone.
func TestRoom(t *testing.T) {
	const all = 5
	r := newRoom(all)
	var taken atomic.Int64
	var users sync.WaitGroup
	for i := range 200 {
		n := int64(i%4*i%7 + 1)
		if i%50 == 0 {
			n = 100
		}
		users.Go(func() {
			r.take(n)
			if now := taken.Add(min(n, all)); now > all {
				t.Errorf("%d of %d taken", now, all)
			}
			taken.Add(-min(n, all))
			r.free(n)
		})
	}
	users.Wait()
	if r.left != all {
		t.Errorf("%d left of %d", r.left, all)
	}
}
