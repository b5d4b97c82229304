package synth

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

//go:embed calibration.yaml
var dezhou []byte

// Calibration is the figures to which a city is calibrated. None of them stands in the program.
type Calibration struct {
	City     string         `yaml:"city"`
	People   cityPeople     `yaml:"people"`
	Counties []countyFigure `yaml:"counties"`
	Places   struct {
		WeightSubdistrict   figure[float64] `yaml:"weight_subdistrict"`
		WeightSeat          figure[float64] `yaml:"weight_seat"`
		WeightTownship      figure[float64] `yaml:"weight_township"`
		WeightNeighbourhood figure[float64] `yaml:"weight_neighbourhood"`
		WeightSigma         figure[float64] `yaml:"weight_sigma"`
		TownHukouUrban      figure[float64] `yaml:"town_hukou_urban"`
		TownHukouRural      figure[float64] `yaml:"town_hukou_rural"`
	} `yaml:"places"`
	Households struct {
		Sizes    figure[[]float64] `yaml:"sizes"`
		TiltTown figure[float64]   `yaml:"tilt_town"`
		Tilted   figure[[]string]  `yaml:"tilted"`
		One      figure[struct {
			Old   float64 `yaml:"old"`
			Grown float64 `yaml:"grown"`
		}] `yaml:"one"`
		Two figure[struct {
			OldCouple   float64 `yaml:"old_couple"`
			Couple      float64 `yaml:"couple"`
			Parent      float64 `yaml:"parent"`
			Grandparent float64 `yaml:"grandparent"`
			Other       float64 `yaml:"other"`
		}] `yaml:"two"`
		Three figure[struct {
			Child       float64 `yaml:"child"`
			GrownChild  float64 `yaml:"grown_child"`
			Parent      float64 `yaml:"parent"`
			Generations float64 `yaml:"generations"`
		}] `yaml:"three"`
		Four       figure[bigFamily] `yaml:"four"`
		More       figure[bigFamily] `yaml:"more"`
		Collective figure[struct {
			Students float64 `yaml:"students"`
			Workers  float64 `yaml:"workers"`
			Care     float64 `yaml:"care"`
			Other    float64 `yaml:"other"`
		}] `yaml:"collective"`
		Women figure[struct {
			Old      float64 `yaml:"old"`
			Grown    float64 `yaml:"grown"`
			Students float64 `yaml:"students"`
			Workers  float64 `yaml:"workers"`
			Care     float64 `yaml:"care"`
		}] `yaml:"women"`
		ChildAges   figure[[]float64] `yaml:"child_ages"`
		EldestShare figure[float64]   `yaml:"eldest_share"`
	} `yaml:"households"`
	School struct {
		Kindergarten      figure[int]     `yaml:"kindergarten"`
		Primary           figure[int]     `yaml:"primary"`
		KindergartenShare figure[float64] `yaml:"kindergarten_share"`
		Upper             figure[struct {
			High       float64 `yaml:"high"`
			Vocational float64 `yaml:"vocational"`
			None       float64 `yaml:"none"`
		}] `yaml:"upper"`
		CollegeShare   figure[float64]         `yaml:"college_share"`
		CollegeByBirth figure[map[int]float64] `yaml:"college_by_birth"`
	} `yaml:"school"`
	Work struct {
		Formal     figure[byPlace] `yaml:"formal"`
		Flexible   figure[byPlace] `yaml:"flexible"`
		Unemployed figure[float64] `yaml:"unemployed"`
		Retired    figure[byPlace] `yaml:"retired"`
		Business   figure[float64] `yaml:"business"`
	} `yaml:"work"`
	Income struct {
		Mean     figure[byPlace] `yaml:"mean"`
		Sigma    figure[byPlace] `yaml:"sigma"`
		Low      figure[byPlace] `yaml:"low"`
		LowMean  figure[float64] `yaml:"low_mean"`
		LowSigma figure[float64] `yaml:"low_sigma"`
		Effects  figure[struct {
			Idle     float64 `yaml:"idle"`
			Child    float64 `yaml:"child"`
			College  float64 `yaml:"college"`
			Severe   float64 `yaml:"severe"`
			OldAlone float64 `yaml:"old_alone"`
			Centre   float64 `yaml:"centre"`
		}] `yaml:"effects"`
		Line      figure[byPlace] `yaml:"line"`
		KeptBelow figure[float64] `yaml:"kept_below"`
		KeptNear  figure[float64] `yaml:"kept_near"`
	} `yaml:"income"`
	Health struct {
		Disability     figure[[]float64] `yaml:"disability"`
		Certificates   figure[int]       `yaml:"certificates"`
		Grades         figure[[]float64] `yaml:"grades"`
		Kinds          figure[kindShare] `yaml:"kinds"`
		KindsYoung     figure[kindShare] `yaml:"kinds_young"`
		Serious        figure[[]float64] `yaml:"serious"`
		ChildLeukaemia figure[float64]   `yaml:"child_leukaemia"`
		Insured        figure[float64]   `yaml:"insured"`
	} `yaml:"health"`
	Medical struct {
		Outpatient       figure[float64]   `yaml:"outpatient"`
		OutpatientMedian figure[float64]   `yaml:"outpatient_median"`
		OutpatientSigma  figure[float64]   `yaml:"outpatient_sigma"`
		OutpatientOwn    figure[float64]   `yaml:"outpatient_own"`
		Inpatient        figure[[]float64] `yaml:"inpatient"`
		Again            figure[float64]   `yaml:"again"`
		StayMedian       figure[float64]   `yaml:"stay_median"`
		StaySigma        figure[float64]   `yaml:"stay_sigma"`
		SeriousMedian    figure[float64]   `yaml:"serious_median"`
		SeriousSigma     figure[float64]   `yaml:"serious_sigma"`
		SeriousTail      figure[float64]   `yaml:"serious_tail"`
		SeriousMost      figure[float64]   `yaml:"serious_most"`
		Scope            figure[struct {
			Mean    float64 `yaml:"mean"`
			Sigma   float64 `yaml:"sigma"`
			Serious float64 `yaml:"serious"`
		}] `yaml:"scope"`
		Basic figure[struct {
			Share    float64 `yaml:"share"`
			From     float64 `yaml:"from"`
			Most     float64 `yaml:"most"`
			Employee float64 `yaml:"employee"`
		}] `yaml:"basic"`
		Major figure[struct {
			Share float64 `yaml:"share"`
			From  float64 `yaml:"from"`
		}] `yaml:"major"`
		Admissions figure[float64]         `yaml:"admissions"`
		StayCost   figure[float64]         `yaml:"stay_cost"`
		OwnTail    figure[map[int]float64] `yaml:"own_tail"`
	} `yaml:"medical"`
	Assets struct {
		Car            figure[byPlace] `yaml:"car"`
		Home           figure[byPlace] `yaml:"home"`
		SecondHome     figure[float64] `yaml:"second_home"`
		Rank           figure[float64] `yaml:"rank"`
		Contradictions figure[float64] `yaml:"contradictions"`
	} `yaml:"assets"`
	Shocks struct {
		Disasters     figure[int] `yaml:"disasters"`
		DisasterKinds figure[struct {
			Fire  float64 `yaml:"fire"`
			Hail  float64 `yaml:"hail"`
			Flood float64 `yaml:"flood"`
		}] `yaml:"disaster_kinds"`
		Traffic figure[float64] `yaml:"traffic"`
	} `yaml:"shocks"`
	Targets cityTargets `yaml:"targets"`
	Dirt    struct {
		Reversed figure[float64]         `yaml:"reversed"`
		Feeds    figure[map[string]dirt] `yaml:"feeds"`
	} `yaml:"dirt"`
}

// figure is a number with what it is and where it is from.
type figure[T any] struct {
	Value  T      `yaml:"value"`
	Status string `yaml:"status"` // sourced, derived, recalled, assumption
	Source string `yaml:"source"`
	Note   string `yaml:"note"`
}

func (f figure[T]) told() (status, source string) { return f.Status, f.Source }

type cityPeople struct {
	All                  figure[int]     `yaml:"all"`
	FamilyPeople         figure[int]     `yaml:"family_people"`
	FamilyHouseholds     figure[int]     `yaml:"family_households"`
	CollectivePeople     figure[int]     `yaml:"collective_people"`
	CollectiveHouseholds figure[int]     `yaml:"collective_households"`
	Age0To14             figure[int]     `yaml:"age_0_14"`
	Age60Plus            figure[int]     `yaml:"age_60_plus"`
	SexRatio             figure[float64] `yaml:"sex_ratio"`
	SexRatioAtBirth      figure[float64] `yaml:"sex_ratio_at_birth"`
	Births               figure[int]     `yaml:"births"`
	Deaths               figure[int]     `yaml:"deaths"`
	DeathYears           figure[int]     `yaml:"death_years"`
	Unreported           figure[float64] `yaml:"unreported"`
	MovedOut             figure[int]     `yaml:"moved_out"`
}

// countyFigure is a county: how many people, what share of them in town, and the area under which its identity numbers lie.
type countyFigure struct {
	Code     string  `yaml:"code"`
	People   int     `yaml:"people"`
	Urban    float64 `yaml:"urban"`
	Invented string  `yaml:"invented"`
	Status   string  `yaml:"status"`
	Source   string  `yaml:"source"`
}

func (f countyFigure) told() (status, source string) { return f.Status, f.Source }

type cityTargets struct {
	DibaoRural       figure[int]       `yaml:"dibao_rural"`
	DibaoUrban       figure[int]       `yaml:"dibao_urban"`
	Tekun            figure[int]       `yaml:"tekun"`
	TekunInstitution figure[int]       `yaml:"tekun_institution"`
	Edge             figure[int]       `yaml:"edge"`
	Rigid            figure[int]       `yaml:"rigid"`
	Orphans          figure[int]       `yaml:"orphans"`
	Unsupported      figure[int]       `yaml:"unsupported"`
	Monitored        figure[int]       `yaml:"monitored"`
	TemporaryAid     figure[int]       `yaml:"temporary_aid"`
	TemporaryAidMean figure[float64]   `yaml:"temporary_aid_mean"`
	Wrong            figure[float64]   `yaml:"wrong"`
	Missed           figure[[]float64] `yaml:"missed"`
	NoParents        figure[struct {
		Orphan      float64 `yaml:"orphan"`
		Unsupported float64 `yaml:"unsupported"`
		Key         float64 `yaml:"key"`
	}] `yaml:"no_parents"`
	Kinless figure[float64] `yaml:"kinless"`
	Ruin    figure[float64] `yaml:"ruin"`
	Refused figure[float64] `yaml:"refused"`
}

type bigFamily struct {
	Children    float64 `yaml:"children"`
	Generations float64 `yaml:"generations"`
}

type byPlace struct {
	Rural float64 `yaml:"rural"`
	Urban float64 `yaml:"urban"`
}

func (b byPlace) of(v *place) float64 {
	if v.urban {
		return b.Urban
	}
	return b.Rural
}

// kindShare is the shares of the kinds of disability, in the order of disabilityKinds.
type kindShare struct {
	Physical     float64 `yaml:"physical"`
	Sight        float64 `yaml:"sight"`
	Hearing      float64 `yaml:"hearing"`
	Speech       float64 `yaml:"speech"`
	Intellectual float64 `yaml:"intellectual"`
	Mental       float64 `yaml:"mental"`
	Multiple     float64 `yaml:"multiple"`
}

func (k kindShare) weights() []float64 {
	return []float64{k.Physical, k.Sight, k.Hearing, k.Speech, k.Intellectual, k.Mental, k.Multiple}
}

// dirt is the shares of rows that are made bad.
type dirt struct {
	Digit  float64 `yaml:"digit"`
	Day    float64 `yaml:"day"`
	Code   float64 `yaml:"code"`
	Copied float64 `yaml:"copied"`
}

var badCalibration = fault.Text{Key: "synth.calibration",
	Zh: "标定数据有误：{problem}。请对照内置的标定数据逐项补全、改正", En: "the calibration is wrong: {problem}; compare it with the built-in one, which has every figure"}

func calibrationFault(problem string) *fault.Error {
	return fault.New(fault.Invalid, badCalibration, fault.Args{"problem": problem})
}

// Dezhou is the calibration that comes with the program.
func Dezhou() *Calibration {
	c, err := ReadCalibration(bytes.NewReader(dezhou))
	if err != nil {
		panic("synth: the built-in calibration: " + err.Error())
	}
	return c
}

// ReadCalibration reads a city's figures from YAML. A key that is unknown or missing is a fault, and so is a figure that does
// not say what it is and where it is from.
func ReadCalibration(r io.Reader) (*Calibration, error) {
	c := &Calibration{}
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	if err := decoder.Decode(c); err != nil {
		return nil, calibrationFault(strings.TrimPrefix(err.Error(), "yaml: ")).Because(err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, calibrationFault("there is more than one document")
	}
	if problem := untold(reflect.ValueOf(*c), ""); problem != "" {
		return nil, calibrationFault(problem)
	}
	if problem := c.contradiction(); problem != "" {
		return nil, calibrationFault(problem)
	}
	return c, nil
}

// untold finds the first figure without a status or a source, which is how a missing one shows.
func untold(v reflect.Value, path string) string {
	statuses := []string{"sourced", "derived", "recalled", "assumption"}
	if f, ok := v.Interface().(interface{ told() (string, string) }); ok {
		status, source := f.told()
		switch {
		case status == "" && source == "":
			return path + " is missing"
		case !slices.Contains(statuses, status):
			return fmt.Sprintf("%s has the status %q, not one of %s", path, status, strings.Join(statuses, ", "))
		case source == "":
			return path + " has no source"
		}
		return ""
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			if problem := untold(v.Field(i), strings.TrimPrefix(path+"."+name, ".")); problem != "" {
				return problem
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if problem := untold(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// contradiction is what does not fit together, "" for nothing.
func (c *Calibration) contradiction() string {
	total, invented := 0, map[string]bool{}
	for _, county := range c.Counties {
		total += county.People
		if _, err := area.Parse(county.Code); err != nil || len(county.Code) != 6 {
			return fmt.Sprintf("%q is no county", county.Code)
		}
		if len(county.Invented) != 6 || invented[county.Invented] {
			return fmt.Sprintf("%q of %s is no area of its own for identity numbers", county.Invented, county.Code)
		}
		invented[county.Invented] = true
		if county.Urban < 0 || county.Urban > 1 || county.People <= 0 {
			return fmt.Sprintf("the people of %s", county.Code)
		}
	}
	p := c.People
	if total != p.All.Value || p.FamilyPeople.Value+p.CollectivePeople.Value != p.All.Value {
		return fmt.Sprintf("the counties have %d people, families and collective households %d, the city %d",
			total, p.FamilyPeople.Value+p.CollectivePeople.Value, p.All.Value)
	}
	return c.misshapen()
}

// misshapen is the first list of shares that is too long, too short or does not add up to one.
func (c *Calibration) misshapen() string {
	h := c.Households
	for _, list := range []struct {
		name   string
		values []float64
		want   int
		whole  bool // adds up to one
	}{
		{"households.sizes", h.Sizes.Value, 7, true}, {"households.child_ages", h.ChildAges.Value, 22, false},
		{"health.disability", c.Health.Disability.Value, 6, false}, {"health.serious", c.Health.Serious.Value, 5, false},
		{"health.grades", c.Health.Grades.Value, 4, true}, {"health.kinds", c.Health.Kinds.Value.weights(), 7, true},
		{"health.kinds_young", c.Health.KindsYoung.Value.weights(), 7, true},
		{"medical.inpatient", c.Medical.Inpatient.Value, 5, false}, {"targets.missed", c.Targets.Missed.Value, 2, false},
	} {
		sum := 0.0
		for _, value := range list.values {
			sum += value
		}
		switch {
		case len(list.values) != list.want:
			return fmt.Sprintf("%s has %d numbers and not %d", list.name, len(list.values), list.want)
		case list.whole && math.Abs(sum-1) > 0.001:
			return fmt.Sprintf("%s adds up to %.4f and not to 1", list.name, sum)
		}
	}
	return ""
}
