package access_test

import (
	"testing"
	"time"

	"dajiuzhu/internal/access"
)

// FuzzStoredHash: what the table of passwords holds never asks for more than the machine has.
func FuzzStoredHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=4294967295,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=1,t=0,p=0$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, same := access.CheckHash(s)
		if h != (access.Hashing{}) && (h.Memory > 1<<20 || h.Passes < 1 || h.Passes > 64 || h.Threads < 1) {
			t.Errorf("%q asks for %+v", s, h)
		}
		if same && h == (access.Hashing{}) {
			t.Errorf("%q is a hash of nothing", s)
		}
	})
}

// TestDelayNeverShrinks: more failures never wait less, and none waits for ever.
func TestDelayNeverShrinks(t *testing.T) {
	before := time.Duration(0)
	for failures := range 10_000 {
		d := access.Delay(failures)
		if d < before || d > 15*time.Minute {
			t.Fatalf("after %d failures the wait is %v, after one less %v", failures, d, before)
		}
		before = d
	}
	if before != 15*time.Minute {
		t.Errorf("the longest wait is %v", before)
	}
}
