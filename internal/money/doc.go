// Package money holds exact amounts and rates.
//
// A [Decimal] is a whole number of millionths: yuan with fen are exact, and so are most rates. Money and rates are
// never floats, because 0.1 + 0.2 must be 0.3 for the family on whose threshold it falls.
//
//	standard, err := money.Parse("1166.67")
//	year, ok := standard.Mul(12 * money.Scale) // 12 as a Decimal
//	year.String() // "14000.04"
//	year.Text()   // "14,000.04"
//
// Every operation is exact or says so: Add and Sub never round; Mul and Quo go through 128 bits and round half to even
// at the sixth digit; Round is the rounding of offices (四舍五入), half away from zero. The second result is false when
// the result does not fit, or for a division by zero; the first is then 0 and means nothing.
//
// Decimals are ordered and compared with the operators of Go. The zero value is 0. The range is symmetric, so the
// negative of a Decimal always is one.
package money
