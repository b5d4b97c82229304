package idno_test

import (
	"fmt"

	"dajiuzhu/internal/idno"
)

func Example() {
	n, err := idno.Parse("371499196001010012")
	fmt.Println(n, err)
	fmt.Println(n.Birth(), n.Female(), n.Area())
	// Output:
	// 371499********0012 <nil>
	// 1960-01-01 false 371499
}

func ExampleParse_wrongDigit() {
	_, err := idno.Parse("371499196001010021")
	fmt.Println(err)
	// Output:
	// the identity number 371499********0021 does not check: character 18 is 1, by the first 17 it would be 0; compare all digits
}
