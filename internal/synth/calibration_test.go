package synth_test

import (
	"os"
	"strings"
	"testing"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/synth"
)

func TestCalibrationIsStrict(t *testing.T) {
	content, err := os.ReadFile("calibration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(content)
	for _, c := range []struct{ name, old, new, want string }{
		{"a key that nobody knows", "  births: {", "  berths: {value: 1, status: sourced, source: x}\n  births: {", "berths"},
		{"a figure is missing", line(whole, "  births: {"), "", "people.births is missing"},
		{"a part is missing", line(whole, "  traffic: {"), "", "shocks.traffic is missing"},
		{"a figure without a source", `sex_ratio: {value: 101.13, status: sourced, source: "德州市第七次全国人口普查公报"`, `sex_ratio: {value: 101.13, status: sourced`, "people.sex_ratio has no source"},
		{"a status of no kind", "value: 101.13, status: sourced", "value: 101.13, status: certain", `the status "certain"`},
		{"people who do not add up", "people: 742000", "people: 742001", "the counties have 5611195 people"},
		{"shares that do not add up", "value: [0.15, 0.26, 0.29, 0.30]", "value: [0.15, 0.26, 0.29, 0.20]", "health.grades adds up to 0.9000"},
		{"too short a list", "value: [0.006, 0.010, 0.016, 0.030, 0.052, 0.065]", "value: [0.006]", "health.disability has 1 numbers"},
		{"two counties with one area", `invented: "371489"`, `invented: "371488"`, "no area of its own"},
		{"a number that is none", "value: 28822", "value: many", "cannot unmarshal"},
	} {
		changed := strings.Replace(whole, c.old, c.new, 1)
		if changed == whole {
			t.Errorf("%s: nothing was changed", c.name)
			continue
		}
		_, err := synth.ReadCalibration(strings.NewReader(changed))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := synth.ReadCalibration(strings.NewReader(whole)); err != nil {
		t.Error(err)
	}
	if _, err := synth.ReadCalibration(strings.NewReader("")); err == nil {
		t.Error("nothing is a calibration")
	}
}

// line is the line of a text that begins so.
func line(text, begin string) string {
	_, after, _ := strings.Cut(text, begin)
	rest, _, _ := strings.Cut(after, "\n")
	return begin + rest + "\n"
}

func FuzzCalibration(f *testing.F) {
	f.Add("city: x")
	f.Add("people: {births: {value: 1}}")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := synth.ReadCalibration(strings.NewReader(text)); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	})
}
