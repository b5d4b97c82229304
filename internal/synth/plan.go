package synth

import (
	"fmt"
	"math"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

// plan is the numbers of a county, fixed before anybody is drawn. They follow from the calibration and the number of people alone,
// so a county can be made without the others.
type plan struct {
	code                 area.Code
	invented             string // six digits of identity numbers
	people               int
	family, households   int // people in families, and families
	collective, quarters int // people in collective households, and these
	urban                float64
	tilt                 float64 // of the sizes of families
	targets              [quotas]int
}

var noCounty = fault.Text{Key: "synth.county",
	Zh: "标定数据里没有县（市、区）{found}，有的是：{known}", En: "the calibration has no county {found}; it has {known}"}

// planCity shares a number of people and all that goes with them among the counties of the calibration.
func planCity(c *Calibration, people int) []plan {
	var everybody []float64
	for _, f := range c.Counties {
		everybody = append(everybody, float64(f.People))
	}
	counties := make([]plan, len(c.Counties))
	for i, n := range allot(people, everybody) {
		f := c.Counties[i]
		code, _ := area.Parse(f.Code) // ReadCalibration has looked
		counties[i] = plan{code: code, invented: f.Invented, people: n, urban: f.Urban}
		if slices.Contains(c.Households.Tilted.Value, f.Code) {
			counties[i].tilt = c.Households.TiltTown.Value
		}
	}
	scale := float64(people) / float64(c.People.All.Value)
	part := func(total float64, of func(plan) float64, put func(*plan, int)) {
		var weights []float64
		for _, county := range counties {
			weights = append(weights, of(county))
		}
		for i, n := range allot(int(math.Round(total*scale)), weights) {
			put(&counties[i], n)
		}
	}
	part(float64(c.People.CollectivePeople.Value), plan.inTown, func(p *plan, n int) { p.collective, p.family = n, p.people-n })
	part(float64(c.People.CollectiveHouseholds.Value), func(p plan) float64 { return float64(p.collective) }, func(p *plan, n int) { p.quarters = n })
	part(float64(c.People.FamilyHouseholds.Value), func(p plan) float64 { return float64(p.family) / c.meanSize(p.tilt) },
		func(p *plan, n int) { p.households = n })
	for id, target := range c.cityTargets() {
		part(target.total, target.of, func(p *plan, n int) { p.targets[id] = n })
	}
	return counties
}

// planCounty is one county with a number of people of its own: the sample.
func planCounty(c *Calibration, code area.Code, people int) (plan, error) {
	counties := planCity(c, c.People.All.Value)
	at := slices.IndexFunc(counties, func(p plan) bool { return p.code == code })
	if at < 0 {
		return plan{}, unknownCounty(code, counties)
	}
	p := counties[at]
	if people > p.people {
		return plan{}, fault.New(fault.Invalid, tooMany, fault.Args{"found": fmt.Sprint(people), "max": fmt.Sprint(p.people)})
	}
	scale := float64(people) / float64(p.people)
	scaled := func(n int) int { return int(math.Round(float64(n) * scale)) }
	p.people = people
	p.collective, p.quarters, p.households = scaled(p.collective), scaled(p.quarters), scaled(p.households)
	p.family = people - p.collective
	for i := range p.targets {
		p.targets[i] = scaled(p.targets[i])
	}
	return p, nil
}

func unknownCounty(code area.Code, counties []plan) error {
	known := ""
	for _, p := range counties {
		known += " " + p.code.String()
	}
	return fault.New(fault.Invalid, noCounty, fault.Args{"found": code.String(), "known": known[1:]})
}

func (p plan) everybody() float64  { return float64(p.people) }
func (p plan) inTown() float64     { return float64(p.people) * p.urban }
func (p plan) inVillages() float64 { return float64(p.people) * (1 - p.urban) }

// share is a number of the city and how it is shared among counties.
type share struct {
	total float64
	of    func(plan) float64
}

func (c *Calibration) cityTargets() [quotas]share {
	t := c.Targets
	count := func(n int) float64 { return float64(n) }
	rural, urban := count(t.DibaoRural.Value), count(t.DibaoUrban.Value)
	wrong, moved := (rural+urban)*t.Wrong.Value, count(c.People.MovedOut.Value)
	rightly := 1 - t.Wrong.Value
	return [quotas]share{
		quotaDeaths:           {count(c.People.Deaths.Value * c.People.DeathYears.Value), plan.everybody},
		quotaMoved:            {moved, plan.everybody},
		quotaDibaoRural:       {rural * rightly, plan.inVillages},
		quotaDibaoUrban:       {urban * rightly, plan.inTown},
		quotaWrong:            {math.Max(wrong-moved, 0), plan.inVillages},
		quotaTekun:            {count(t.Tekun.Value - t.TekunInstitution.Value), plan.inVillages},
		quotaTekunInstitution: {count(t.TekunInstitution.Value), func(p plan) float64 { return float64(p.collective) }},
		quotaEdge:             {count(t.Edge.Value), plan.inVillages},
		quotaRigid:            {count(t.Rigid.Value), plan.everybody},
		quotaOrphans:          {count(t.Orphans.Value), plan.everybody},
		quotaUnsupported:      {count(t.Unsupported.Value), plan.everybody},
		quotaMonitored:        {count(t.Monitored.Value), plan.inVillages},
		quotaTemporaryAid:     {count(t.TemporaryAid.Value) * monthsOfAid / 12, plan.everybody},
	}
}

// meanSize is the mean size of families whose shares are tilted.
func (c *Calibration) meanSize(tilt float64) float64 {
	sum, people := 0.0, 0.0
	for i, share := range c.sizes(tilt) {
		sum += share
		people += share * float64(i+1)
	}
	return people / sum
}

// sizes is the shares of families of one person, two, … seven and more; the tilt favours large ones.
func (c *Calibration) sizes(tilt float64) []float64 {
	var shares []float64
	for i, share := range c.Households.Sizes.Value {
		shares = append(shares, share*math.Exp(tilt*float64(i+1)))
	}
	return shares
}

// check refuses a county too small for its people to be spread.
func (p plan) check() error {
	if p.people < fewest {
		return fault.New(fault.Invalid, tooFew, fault.Args{"min": fmt.Sprint(fewest), "found": fmt.Sprint(p.people), "county": p.code.String()})
	}
	return nil
}
