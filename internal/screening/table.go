package screening

import "reflect"

// header is a row type's Chinese column names, from the tag zh.
func header[R any]() []string {
	t := reflect.TypeFor[R]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("zh")
	}
	return names
}

// cells is a row as a CSV shows it.
func cells(row any) []string {
	v := reflect.ValueOf(row)
	texts := make([]string, v.NumField())
	for i := range texts {
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool:
			texts[i] = yesNo(f.Bool())
		case reflect.Int64:
			texts[i] = number(f.Int())
		default:
			texts[i] = f.String()
		}
	}
	return texts
}
