package narrow_test

import (
	"testing"

	"dajiuzhu/internal/narrow"
)

// What a chunk of a thousand lanes costs, appended and read.
func BenchmarkColumn(b *testing.B) {
	for _, test := range []struct {
		name  string
		value func(i int) int64
	}{
		{"same", func(int) int64 { return 7 }},
		{"bool", func(i int) int64 { return int64(i * 7 % 3 % 2) }},
		{"day", func(i int) int64 { return int64(i * 7919 % 30_000) }},
		{"fen", func(i int) int64 { return int64(i*7919%100_000) * 10_000 }},
		{"few differ", func(i int) int64 { return truth(i%50 == 0) * int64(i) * 1_000_000 }},
	} {
		num, known := make([]int64, 1000), make([]uint64, 16)
		for i := range num {
			num[i] = test.value(i)
			known[i/64] |= 1 << (i & 63)
		}
		b.Run(test.name+"/append", func(b *testing.B) {
			var c narrow.Column
			for b.Loop() {
				if c.Chunks() == 1000 {
					c = narrow.Column{}
				}
				c.Append(num, known)
			}
		})
		b.Run(test.name+"/read", func(b *testing.B) {
			var c narrow.Column
			c.Append(num, known)
			for b.Loop() {
				c.Read(0, num, known)
			}
		})
	}
}
