package reform

import (
	"maps"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Figure is a figure in force on a day, before a change and after it.
type Figure struct {
	Parameter     *pack.Parameter
	Area          area.Code
	Residence     string // a code; "" holds for all
	Code          string // of the parameter's list or, of bands, what they reach up to; "" for a single figure
	Before, After money.Decimal
	Added         bool // nothing was in force there before
}

// Figures are the figures that an overlay changes on a day, in the order of the pack's parameters.
func Figures(p *pack.Pack, overlay rules.Overlay, on calendar.Date) []Figure {
	var all []Figure
	for _, parameter := range p.Parameters {
		if changed := overlay[parameter.Name]; changed != nil {
			all = append(all, figuresOf(parameter, changed, on)...)
		}
	}
	return all
}

func figuresOf(parameter, changed *pack.Parameter, on calendar.Date) []Figure {
	var all []Figure
	for _, v := range changed.Values {
		if !v.Span.Contains(on) {
			continue
		}
		was := before(parameter, v, on)
		f := Figure{Parameter: parameter, Area: v.Area, Residence: v.Residence, Added: was == nil}
		if was == nil {
			was = &pack.ParameterValue{}
		}
		if was.SameFigures(v) && !f.Added {
			continue
		}
		all = append(all, f.each(was, v)...)
	}
	return all
}

// before is the value that held where another holds now.
func before(parameter *pack.Parameter, now *pack.ParameterValue, on calendar.Date) *pack.ParameterValue {
	var best *pack.ParameterValue
	for _, v := range parameter.Values {
		if !v.Span.Contains(on) || !v.Area.Contains(now.Area) || v.Residence != "" && v.Residence != now.Residence {
			continue
		}
		if best == nil || v.Area.Level() > best.Area.Level() || v.Area == best.Area && best.Residence == "" {
			best = v
		}
	}
	return best
}

// each is the figures of a value one by one, without those that stay.
func (f Figure) each(was, is *pack.ParameterValue) []Figure {
	var all []Figure
	add := func(code string, before, after money.Decimal) {
		if before != after || f.Added {
			one := f
			one.Code, one.Before, one.After = code, before, after
			all = append(all, one)
		}
	}
	switch {
	case f.Parameter.Bands:
		for i, band := range is.Bands {
			former := money.Decimal(0)
			if i < len(was.Bands) {
				former = was.Bands[i].Value
			}
			reach := ""
			if !band.Last {
				reach = band.UpTo.String()
			}
			add("≤"+reach, former, band.Value)
		}
	case f.Parameter.Codes != "":
		for _, code := range slices.Sorted(maps.Keys(is.Table)) {
			add(code, was.Table[code], is.Table[code])
		}
	default:
		add("", was.Value, is.Value)
	}
	return all
}
