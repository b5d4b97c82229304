package money_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     money.Decimal
	}{
		{"fen", "1166.67", 1_166_670_000},
		{"whole", "800", 800_000_000},
		{"six digits", "-12.345678", -12_345_678},
		{"zeros at the end", "1010.00", 1_010_000_000},
		{"zeros in front, as fixed-width files have them", "0000012.50", 12_500_000},
		{"zero", "0", 0},
		{"minus zero is zero", "-0.00", 0},
		{"the smallest", "0.000001", 1},
		{"fifteen digits", "999999999.999999", 999_999_999_999_999},
		{"the largest whole", "9223372036854", 9_223_372_036_854_000_000},
		{"the lowest whole", "-9223372036854", -9_223_372_036_854_000_000},
	} {
		if got, err := money.Parse(c.in); err != nil || got != c.want {
			t.Errorf("%s: Parse(%q) = %d, %v, want %d", c.name, c.in, int64(got), err, int64(c.want))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, key string }{
		{"nothing", "", "money.not-a-number"},
		{"thousands apart", "1,166.67", "money.not-a-number"},
		{"full-width comma", "1，166.67", "money.not-a-number"},
		{"with a unit", "800元", "money.not-a-number"},
		{"with a sign of money", "¥800", "money.not-a-number"},
		{"a percentage", "70%", "money.not-a-number"},
		{"an exponent, as spreadsheets export", "1.2E+05", "money.not-a-number"},
		{"a plus", "+5", "money.not-a-number"},
		{"two signs", "--5", "money.not-a-number"},
		{"only a sign", "-", "money.not-a-number"},
		{"only a point", ".", "money.not-a-number"},
		{"nothing before the point", ".5", "money.not-a-number"},
		{"nothing after the point", "5.", "money.not-a-number"},
		{"two points", "1.2.3", "money.not-a-number"},
		{"two points together", "1..2", "money.not-a-number"},
		{"spaces around", " 5 ", "money.not-a-number"},
		{"an underscore", "1_000", "money.not-a-number"},
		{"hexadecimal", "0x10", "money.not-a-number"},
		{"not a number", "NaN", "money.not-a-number"},
		{"full-width digits", "８００", "money.not-a-number"},
		{"seven fraction digits", "0.3333333", "money.too-fine"},
		{"seven fraction digits, the last a zero", "0.3333330", "money.too-fine"},
		{"sixteen digits", "1234567890.123456", "money.too-many-digits"},
		{"fourteen digits that do not fit", "10000000000000", "money.too-large"},
		{"just beyond the range", "9223372036855", "money.too-large"},
		{"just beyond on the negative side", "-9223372036855", "money.too-large"},
		{"an identity number in the wrong column", "371499196001010012", "money.too-large"},
		{"a very long number", strings.Repeat("9", 1000), "money.too-large"},
		{"a very long number that is none", strings.Repeat("9", 1000) + "x", "money.not-a-number"},
	} {
		got, err := money.Parse(c.in)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Text.Key != c.key {
			t.Errorf("%s: Parse(%q) = %v, %v, want the fault %s", c.name, c.in, got, err, c.key)
			continue
		}
		for _, lang := range []fault.Lang{fault.Zh, fault.En} {
			if m := f.Message(lang); strings.ContainsAny(m, "{}") || strings.Contains(m, "371499196001010012") || len(m) > 300 {
				t.Errorf("%s: the message is %q", c.name, m)
			}
		}
	}
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ in, canonical, text string }{
		{"1166.67", "1166.67", "1,166.67"},
		{"0.5", "0.5", "0.50"},
		{"-3", "-3", "-3.00"},
		{"0", "0", "0.00"},
		{"0.333333", "0.333333", "0.333333"},
		{"0.100", "0.1", "0.10"},
		{"-0.000001", "-0.000001", "-0.000001"},
		{"999", "999", "999.00"},
		{"1000", "1000", "1,000.00"},
		{"-123456", "-123456", "-123,456.00"},
		{"1234567.005", "1234567.005", "1,234,567.005"},
	} {
		d := money.Must(c.in)
		if got := d.String(); got != c.canonical {
			t.Errorf("String of %s = %q, want %q", c.in, got, c.canonical)
		}
		if got := d.Text(); got != c.text {
			t.Errorf("Text of %s = %q, want %q", c.in, got, c.text)
		}
	}
	if got, want := money.Max.Text(), "9,223,372,036,854.775807"; got != want {
		t.Errorf("Text of Max = %q, want %q", got, want)
	}
	if got, want := money.Min.String(), "-9223372036854.775807"; got != want {
		t.Errorf("String of Min = %q, want %q", got, want)
	}
	if got, want := money.Must("1166.67").Zh("元"), "1,166.67元"; got != want {
		t.Errorf("Zh = %q, want %q", got, want)
	}
	if got, want := money.Must("-82.5").En("yuan"), "-82.50 yuan"; got != want {
		t.Errorf("En = %q, want %q", got, want)
	}
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecimal().Draw(t, "d")
		var back money.Decimal
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d {
			t.Fatalf("%v comes back as %v, %v", d, back, err)
		}
		if err := back.UnmarshalText([]byte(strings.ReplaceAll(d.Text(), ",", ""))); err != nil || back != d {
			t.Fatalf("%s comes back as %v, %v", d.Text(), back, err)
		}
		// Parse is for what people write and stops at 15 digits.
		written := strings.TrimLeft(d.String(), "-")
		parsed, err := money.Parse(d.String())
		if count := len(strings.ReplaceAll(written, ".", "")); count > 15 {
			if err == nil {
				t.Fatalf("Parse(%v) takes %d digits", d, count)
			}
		} else if err != nil || parsed != d {
			t.Fatalf("Parse(%v) = %v, %v", d, parsed, err)
		}
	})
}

func TestDecimalInJSON(t *testing.T) {
	type line struct {
		Amount money.Decimal
		Share  *money.Decimal           `json:",omitempty"`
		By     map[string]money.Decimal `json:",omitempty"`
	}
	out, err := json.Marshal(line{Amount: money.Must("1166.67"), By: map[string]money.Decimal{"difference": money.Must("0.5")}})
	if want := `{"Amount":"1166.67","By":{"difference":"0.5"}}`; err != nil || string(out) != want {
		t.Errorf("Marshal = %s, %v, want %s", out, err, want)
	}
	var back line
	if err := json.Unmarshal([]byte(`{"Amount":"-9223372036854.775807","Share":"0.35"}`), &back); err != nil || back.Amount != money.Min || *back.Share != money.Must("0.35") {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	// A number in JSON may have been a float on its way.
	if err := json.Unmarshal([]byte(`{"Amount":1166.67}`), &back); err == nil {
		t.Error("Unmarshal takes a JSON number")
	}
	if err := json.Unmarshal([]byte(`{"Amount":"1e3"}`), &back); err == nil {
		t.Error("Unmarshal takes an exponent")
	}
}

func TestMustPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Must returned")
		}
	}()
	money.Must("1,000")
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1166.67", "-12.345678", "0", "-0", "9223372036854.775807", "9223372036854.775808", "1,000", "1e5", ".", "-.1", "00.10"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := money.Parse(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || d != 0 {
				t.Fatalf("Parse(%q) = %v, %v", s, d, err)
			}
			return
		}
		if again, err := money.Parse(d.String()); err != nil || again != d {
			t.Fatalf("Parse(%q) = %v, but Parse(%q) = %v, %v", s, d, d, again, err)
		}
		if strings.Contains(s, "-") && d > 0 || !strings.Contains(s, "-") && d < 0 {
			t.Fatalf("Parse(%q) = %v", s, d)
		}
	})
}
