package exchange_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/exchange"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

var on = calendar.Must(2026, 11, 1)

func dezhou(t testing.TB) *rules.Policy {
	t.Helper()
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

func county(t testing.TB, policy *rules.Policy, people int) *population.Population {
	t.Helper()
	dir := t.TempDir()
	if _, err := synth.Write(t.Context(), policy.Pack(), dir, synth.Options{People: people, Seed: 5, On: on}); err != nil {
		t.Fatal(err)
	}
	set, err := feed.Open(t.Context(), policy.Pack(), dir, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	crowd, err := population.Build(policy, set, on)
	if err != nil {
		t.Fatal(err)
	}
	return crowd
}

// TestStreamComesToTheSame: people who go through a stream come to what they came to, whoever cuts it where between households.
func TestStreamComesToTheSame(t *testing.T) {
	policy := dezhou(t)
	crowd := county(t, policy, 3000)
	plan := policy.On(on, nil)
	want, err := screening.Keep(t.Context(), plan, screening.Built{Population: crowd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := exchange.WritePeople(&b, policy, crowd); err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int64{0, 1, 7, 1000} {
		reader, err := exchange.NewReader(policy, bytes.NewReader(recut(t, b.Bytes(), rows)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := screening.KeepStream(t.Context(), plan, reader)
		if err != nil {
			t.Fatal(err)
		}
		if changes := slices.Collect(got.Diff(want)); len(changes) > 0 {
			t.Errorf("cut by %d: %d units come to something else, such as %+v", rows, len(changes), changes[0])
		}
		if got.People() != want.People() || got.Households() != want.Households() {
			t.Errorf("cut by %d: %d people in %d households, want %d in %d", rows, got.People(), got.Households(), want.People(), want.Households())
		}
	}
}

// recut is a stream whose records have other numbers of rows; 0 leaves it.
func recut(t *testing.T, stream []byte, rows int64) []byte {
	t.Helper()
	if rows == 0 {
		return stream
	}
	r, err := ipc.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(r.Schema()))
	for records := 0; (rows > 1 || records < 1) && r.Next(); records++ {
		record := r.RecordBatch()
		for from := int64(0); from < record.NumRows(); from += rows {
			part := record.NewSlice(from, min(record.NumRows(), from+rows))
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
			part.Release()
		}
	}
	if rows == 1 { // the rest as it is: a record a household is slow
		for r.Next() {
			if err := w.Write(r.RecordBatch()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOtherSchemasAreRefused: a column that is lacking, strange or of another type is named, wherever it stands.
func TestOtherSchemasAreRefused(t *testing.T) {
	policy := dezhou(t)
	fields := exchange.Schema(policy).Fields()
	without := func(name string) []arrow.Field {
		return slices.DeleteFunc(slices.Clone(fields), func(f arrow.Field) bool { return f.Name == name })
	}
	for _, c := range []struct {
		name   string
		fields []arrow.Field
		want   string
	}{
		{"a fact is lacking", without("fact_residence"), `lacks the column "fact_residence"`},
		{"one too many", append(slices.Clone(fields), arrow.Field{Name: "fact_wealth", Type: arrow.PrimitiveTypes.Int64}), `has a column "fact_wealth"`},
		{"another type", append(without("doubtful"), arrow.Field{Name: "doubtful", Type: arrow.PrimitiveTypes.Int8}), `"doubtful" of the stream should be bool and is int8`},
		{"no list", append(without("persons"), arrow.Field{Name: "persons", Type: arrow.BinaryTypes.String}), `"persons" of the stream should be list`},
		{"a member's fact is lacking", append(without("persons"), arrow.Field{Name: "persons", Type: arrow.ListOf(arrow.StructOf(arrow.Field{Name: "person", Type: arrow.BinaryTypes.String}))}), `lacks the column "persons.`},
	} {
		var b bytes.Buffer
		w := ipc.NewWriter(&b, ipc.WithSchema(arrow.NewSchema(c.fields, nil)))
		builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(c.fields, nil))
		if err := w.Write(builder.NewRecordBatch()); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		_, err := exchange.NewReader(policy, &b)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := exchange.NewReader(policy, strings.NewReader("household,village\n")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a CSV is taken for a stream: %v", err)
	}
}

// TestBrokenStream: a stream that breaks off is refused whole.
func TestBrokenStream(t *testing.T) {
	policy := dezhou(t)
	var b bytes.Buffer
	if err := exchange.WritePeople(&b, policy, county(t, policy, 300)); err != nil {
		t.Fatal(err)
	}
	for _, share := range []int{30, 60, 90} {
		if err := drain(policy, b.Bytes()[:b.Len()*share/100]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%d %% of a stream: %v", share, err)
		}
	}
	if err := drain(policy, b.Bytes()); err != nil {
		t.Error(err)
	}
}

func drain(policy *rules.Policy, stream []byte) error {
	r, err := exchange.NewReader(policy, bytes.NewReader(stream))
	for err == nil {
		_, _, err = r.Next()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// FuzzReader: whatever the bytes, a stream is read or refused.
func FuzzReader(f *testing.F) {
	policy := dezhou(f)
	var b bytes.Buffer
	if err := exchange.WritePeople(&b, policy, county(f, policy, 100)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[:b.Len()/2])
	f.Add([]byte("ARROW1"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if err := drain(policy, stream); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}
