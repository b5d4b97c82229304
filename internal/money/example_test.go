package money_test

import (
	"fmt"

	"dajiuzhu/internal/money"
)

func Example() {
	standard, err := money.Parse("1166.67")
	if err != nil {
		fmt.Println(err)
		return
	}
	months, _ := money.FromInt(12)
	year, ok := standard.Mul(months)
	fmt.Println(year, year.Text(), year.Zh("元"), ok)

	_, err = money.Parse("1,166.67")
	fmt.Println(err)
	// Output:
	// 14000.04 14,000.04 14,000.04元 true
	// "1,166.67" is not a number (write 1166.67, without commas or a unit)
}
