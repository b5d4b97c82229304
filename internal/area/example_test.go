package area_test

import (
	"fmt"

	"dajiuzhu/internal/area"
)

func Example() {
	county, err := area.Parse("371424")
	fmt.Println(county, county.Level(), err)

	village := area.Code(371424100281)
	fmt.Println(county.Contains(village), village.Parent(), village.At(area.City))
	// Output:
	// 371424 county <nil>
	// true 371424100 371400
}
