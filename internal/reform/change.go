package reform

import (
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

var (
	badChange = fault.Text{Key: "reform.form",
		Zh: "“{found}”看不懂；请写成 名称=1060、名称=+5%、名称=-10 或 名称[代码]=120", En: `"{found}" cannot be read; write NAME=1060, NAME=+5%, NAME=-10 or NAME[code]=120`}
	setTwice = fault.Text{Key: "reform.twice",
		Zh: "“{found}”改了两次", En: `"{found}" is changed twice`}
)

// Change is a change of a parameter's figures.
type Change struct {
	Name  string
	Codes []string // what stands in brackets: codes of the parameter's list or of residences; none is all
	Kind  Kind
	By    money.Decimal // the new figure, what is added, or the share by which it rises: 0.05
	text  string
}

// Kind is how a change is meant.
type Kind uint8

// The kinds of changes.
const (
	To      Kind = iota // the figure is By
	Plus                // By is added
	Percent             // the figure rises by the share By
)

// String is the change as it was written.
func (c Change) String() string { return c.text }

// Parse reads changes as the command line has them.
func Parse(texts []string) ([]Change, error) {
	var changes []Change
	seen := map[string]bool{}
	for _, text := range texts {
		c, ok := parse(text)
		if !ok {
			return nil, fault.New(fault.Invalid, badChange, fault.Args{"found": fault.Excerpt(text)})
		}
		key := c.Name + "[" + strings.Join(c.Codes, ",") + "]"
		if seen[key] {
			return nil, fault.New(fault.Invalid, setTwice, fault.Args{"found": fault.Excerpt(key)})
		}
		seen[key] = true
		changes = append(changes, c)
	}
	return changes, nil
}

func parse(text string) (Change, bool) {
	left, right, ok := strings.Cut(text, "=")
	c := Change{Name: strings.TrimSpace(left), text: text}
	if name, codes, bracket := strings.Cut(c.Name, "["); bracket {
		inside, closed := strings.CutSuffix(codes, "]")
		if !closed || inside == "" {
			return Change{}, false
		}
		c.Name = name
		for _, code := range strings.Split(inside, ",") {
			c.Codes = append(c.Codes, strings.TrimSpace(code))
		}
	}
	return c, ok && c.Name != "" && c.figure(strings.TrimSpace(right))
}

// figure reads what stands behind the sign of equality.
func (c *Change) figure(text string) bool {
	sign := money.Decimal(1)
	if text != "" && (text[0] == '+' || text[0] == '-') {
		c.Kind = Plus
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		if c.Kind != Plus {
			return false // 5% of what
		}
		c.Kind, text = Percent, percent
	}
	d, err := money.Parse(text)
	if err != nil || d < 0 {
		return false
	}
	if c.Kind == Percent {
		if d%100 != 0 {
			return false // the share would have more than six digits
		}
		d /= 100
	}
	c.By = sign * d
	return true
}

// apply is a figure after the change, false if it is out of range or below zero.
func (c Change) apply(figure money.Decimal) (money.Decimal, bool) {
	switch c.Kind {
	case To:
		return c.By, true
	case Plus:
		sum, ok := figure.Add(c.By)
		return sum, ok && sum >= 0
	}
	more, ok := figure.Mul(c.By)
	if !ok {
		return 0, false
	}
	sum, ok := figure.Add(more)
	return sum, ok && sum >= 0
}
