package population

import (
	"slices"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
)

// suspicion finds about whom a row may be whose person could not be told. It is never enough to give the row to somebody, and always
// enough not to say of them that they have none.
type suspicion struct {
	register *register
	names    map[string][]int32 // plain names to persons, made when first asked for
}

// of is the persons about whom a row that was set aside may be: those whose number is one slip of the pen away, and
// those of the same name. A number that is right, of somebody not registered, is another person's unless name and birth agree.
func (s *suspicion) of(t *feed.Table, reject *feed.Reject) []int32 {
	var all []int32
	name := ""
	if column := s.register.sharedName(t); column >= 0 {
		name, _ = reject.Cell(columnName)
	}
	for _, column := range t.About() {
		written, _ := reject.Cell(t.Feed.Columns[column].Name)
		number, err := idno.Parse(written)
		if err != nil {
			all = append(all, s.near(written)...)
			all = append(all, s.named(name)...)
			continue
		}
		if _, registered := s.register.ids[number]; registered {
			continue
		}
		for _, person := range s.named(name) {
			if s.register.number(int(person)).Birth() == number.Birth() {
				all = append(all, person)
			}
		}
	}
	return all
}

func (s *suspicion) named(name string) []int32 {
	name = feed.PlainName(name)
	if name == "" {
		return nil
	}
	if s.names == nil {
		s.names = map[string][]int32{}
		for person := range s.register.len() {
			n := feed.PlainName(s.register.text(s.register.name, person))
			s.names[n] = append(s.names[n], int32(person))
		}
	}
	return s.names[name]
}

// near is the persons whose number becomes the written one by a wrong character, two neighbours exchanged, a character left
// out or one too many.
func (s *suspicion) near(written string) []int32 {
	const length, digits = 18, "0123456789X"
	runes := []rune(feed.PlainName(written))
	if len(runes) < length-1 || len(runes) > length+1 {
		return nil
	}
	var all []int32
	try := func(candidate []rune) {
		number, err := idno.Parse(string(candidate))
		if err != nil {
			return
		}
		if person, ok := s.register.ids[number]; ok && !slices.Contains(all, person) {
			all = append(all, person)
		}
	}
	for i := range runes {
		switch len(runes) {
		case length + 1:
			try(slices.Concat(runes[:i], runes[i+1:]))
		case length:
			for _, d := range digits {
				changed := slices.Clone(runes)
				changed[i] = d
				try(changed)
			}
			if i > 0 {
				changed := slices.Clone(runes)
				changed[i-1], changed[i] = changed[i], changed[i-1]
				try(changed)
			}
		}
	}
	for i := 0; len(runes) == length-1 && i <= len(runes); i++ {
		for _, d := range digits {
			try(slices.Concat(runes[:i], []rune{d}, runes[i:]))
		}
	}
	return all
}
