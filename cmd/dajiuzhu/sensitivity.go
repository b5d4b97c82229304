package main

import (
	"fmt"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/screening"
)

type sensitivityCommand struct {
	People countyFlags `embed:""`
	Share  string      `help:"By what share each weight is moved." default:"0.2"`
	Lang   string      `help:"Language of the table." enum:"zh,en" default:"zh"`
}

var badShare = fault.Text{Key: "cmd.bad-share",
	Zh: "权重改变的比例应大于0、不超过1，写的是“{found}”", En: `the share by which weights move lies above 0 and at most at 1, found "{found}"`}

// Run ranks a county anew with each weight of the index moved down and up, and prints how far households move.
func (c *sensitivityCommand) Run(s *streams) error {
	share, err := money.Parse(c.Share)
	if err != nil || share <= 0 || share > money.Scale {
		return fault.New(fault.Invalid, badShare, fault.Args{"found": c.Share})
	}
	screened, err := c.People.screen(s)
	if err != nil {
		return err
	}
	lang := fault.Lang(c.Lang)
	fmt.Fprintf(s.out, lang.Say("困难指数的敏感性：%d 户，每个权重单独减、增 %s%%，其他权重不变\n", "Sensitivity of the index: %d households, each weight by itself %s %% down and up\n"),
		screened.result.Households(), percentOf(share))
	fmt.Fprintln(s.out, lang.Say("  维度                权重    改为   最困难的仍是最困难  名次平均移动  最多移动", "  dimension                      weight changed   still the hardest   places moved  at most"))
	for _, m := range screened.result.Sensitivity(share) {
		name := m.Dimension.Name.In(lang)
		width := 18
		if lang == fault.En {
			width = 30
		}
		fmt.Fprintf(s.out, "  %s%s %5s%% %6s%%  %5d / %-5d %5s%%  %12s %8d\n", name, padding(name, width), percentOf(m.Dimension.Weight), percentOf(m.Weight),
			m.Stay, m.Hardest, stayed(m), m.Mean, m.Most)
	}
	return nil
}

// stayed is the percentage of the hardest that stay so, to a tenth.
func stayed(m screening.Move) string {
	if m.Hardest == 0 {
		return "–"
	}
	share, _ := (money.Decimal(m.Stay) * money.Scale).Quo(money.Decimal(m.Hardest) * money.Scale)
	return percentOf(share)
}

// percentOf is a share in percent, to a tenth.
func percentOf(share money.Decimal) string {
	p, _ := (share * 100).Round(1)
	return p.String()
}
