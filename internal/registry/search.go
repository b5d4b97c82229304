package registry

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/sealed"
)

// By is what a search goes by.
type By string

// What a search goes by: names, their pinyin and initials by their beginning, addresses by a part of three characters or more, identity
// numbers and phones whole. Beyond a township an address that more than 500 people have is refused as too wide.
const (
	ByName     By = "name"
	ByPinyin   By = "pinyin"
	ByInitials By = "initials"
	ByAddress  By = "address"
	ByNumber   By = "number"
	ByPhone    By = "phone"
)

var (
	shortAddress = fault.Text{Key: "registry.short-address",
		Zh: "按住址查找至少要输入3个字", En: "a search by address needs three characters at least"}
	longSearch = fault.Text{Key: "registry.long-search",
		Zh: "查找内容太长，最多{most}个字", En: "what is searched for is too long: {most} characters at most"}
	strangeSearch = fault.Text{Key: "registry.strange-search",
		Zh: "查找内容里有不能用的字符，或不是手机号码。请重新输入", En: "what is searched for has characters that cannot be, or is no phone number; type it again"}
	notABy = fault.Text{Key: "registry.no-such-search", Zh: "不能按“{by}”查找", En: `there is no search by "{by}"`}
)

const longest = 100 // characters of a search

const searchByKey = "select * from search_people($1, $2, $3, $4, $5, $6)"

// After is where a page of a search ends and the next begins; the zero value is before all.
type After struct {
	Key    string
	Area   area.Code
	Person int64
}

// Hit is a person who was found.
type Hit struct {
	Person  int64
	Name    string
	Sex     string
	Birth   calendar.Date // [calendar.Forever] if not known
	Area    area.Code
	Address string
	Number  sealed.Secret
}

// Page is a part of what was found. Next is where the next one begins; More is false of the last.
type Page struct {
	Hits []Hit
	Next After
	More bool
}

// Search finds people in the area of who asks, in the order of what is searched by.
func (r *Registry) Search(ctx context.Context, tx pgx.Tx, by By, wanted string, after After, most int) (Page, error) {
	wanted = strings.TrimSpace(wanted)
	if wanted == "" {
		return Page{}, nil
	}
	for _, outside := range []string{wanted, after.Key} {
		if err := searchable(outside); err != nil {
			return Page{}, err
		}
	}
	most = min(max(most, 1), 200)
	switch by {
	case ByName:
		return r.page(ctx, tx, most, searchByKey, "name", wanted, after.Key, int64(after.Area), after.Person, most+1)
	case ByPinyin, ByInitials:
		letters, _ := spell(wanted)
		if letters == "" {
			return Page{}, nil
		}
		return r.page(ctx, tx, most, searchByKey, string(by), letters, after.Key, int64(after.Area), after.Person, most+1)
	case ByAddress:
		if utf8.RuneCountInString(wanted) < 3 {
			return Page{}, fault.New(fault.Invalid, shortAddress, nil)
		}
		return r.page(ctx, tx, most, "select * from search_people_by_address($1, $2, $3)", wanted, after.Person, most+1)
	case ByNumber:
		n, err := idno.Parse(wanted)
		if err != nil {
			return Page{}, err
		}
		return r.page(ctx, tx, 200, "select * from search_people_by_digest('number', $1)", r.keys.Digests(numberField, n.Plain()))
	case ByPhone:
		phone := digits(wanted)
		if phone == "" {
			return Page{}, fault.New(fault.Invalid, strangeSearch, nil)
		}
		return r.page(ctx, tx, 200, "select * from search_people_by_digest('phone', $1)", r.keys.Digests(phoneField, phone))
	}
	return Page{}, fault.New(fault.Invalid, notABy, fault.Args{"by": fault.Excerpt(string(by))})
}

// Guess is what a search goes by that does not say: what is typed tells.
func Guess(wanted string) By {
	digits, letters, han, others := 0, 0, 0, 0
	for _, r := range wanted {
		switch {
		case unicode.IsDigit(r):
			digits++
		case r <= unicode.MaxASCII && unicode.IsLetter(r):
			letters++
		case unicode.Is(unicode.Han, r):
			han++
		case !unicode.IsSpace(r):
			others++
		}
	}
	const mostOfName = 4
	switch {
	case han > mostOfName || han > 0 && digits > 0:
		return ByAddress
	case han > 0:
		return ByName
	case digits >= 15 && letters <= 1:
		return ByNumber
	case digits >= 7:
		return ByPhone
	case letters > 0 && letters <= mostOfName && strings.IndexFunc(wanted, isVowel) < 0:
		return ByInitials
	}
	return ByPinyin
}

func isVowel(r rune) bool { return strings.ContainsRune("aeiouüAEIOUÜ", r) }

// searchable refuses what the database could not take.
func searchable(wanted string) error {
	if !utf8.ValidString(wanted) || strings.ContainsRune(wanted, 0) {
		return fault.New(fault.Invalid, strangeSearch, nil)
	}
	if utf8.RuneCountInString(wanted) > longest {
		return fault.New(fault.Invalid, longSearch, fault.Args{"most": longest})
	}
	return nil
}

func (r *Registry) page(ctx context.Context, tx pgx.Tx, most int, query string, args ...any) (Page, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return Page{}, refused("searching people", err)
	}
	defer rows.Close()
	var p Page
	for rows.Next() {
		var h Hit
		var key string
		var birth pgtype.Date
		var number []byte
		if err := rows.Scan(&h.Person, &key, &h.Name, &h.Sex, &birth, &h.Area, &h.Address, &number); err != nil {
			return Page{}, refused("searching people", err)
		}
		if len(p.Hits) == most {
			p.More = true
			continue
		}
		h.Birth = dayOr(birth, calendar.Forever)
		if h.Number, err = r.keys.Secret(sealed.Identity, numberField, number); err != nil {
			return Page{}, err
		}
		p.Hits, p.Next = append(p.Hits, h), After{key, h.Area, h.Person}
	}
	if err := rows.Err(); err != nil {
		return Page{}, refused("searching people", err)
	}
	return p, nil
}
