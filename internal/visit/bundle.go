package visit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

// Kind is what an answer says.
type Kind string

// The kinds.
const (
	Value      Kind = "value"
	NotKnown   Kind = "unknown" // they do not know
	WouldNot   Kind = "refused" // they would not say
	maxBundle       = 1 << 20   // bytes
	maxAnswers      = 1000
)

// Base is what was known of a field when its sheet was made: the newest statement and the newest answer about it. Devices keep it as it is.
type Base struct{ Statement, Answer int64 }

// MarshalText writes "12.34".
func (b Base) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String is "12.34".
func (b Base) String() string { return fmt.Sprintf("%d.%d", b.Statement, b.Answer) }

// UnmarshalText reads "12.34".
func (b *Base) UnmarshalText(content []byte) error {
	statement, answer, ok := strings.Cut(string(content), ".")
	if !ok {
		return errors.New("no base of a field")
	}
	for at, written := range map[*int64]string{&b.Statement: statement, &b.Answer: answer} {
		n, err := strconv.ParseInt(written, 10, 64)
		if err != nil || n < 0 {
			return errors.New("no base of a field")
		}
		*at = n
	}
	return nil
}

// Answer is what was said to one question.
type Answer struct {
	ID    string    `json:"id"`  // the device's, a UUID
	Seq   int64     `json:"seq"` // the device's own order: of two answers to a question the later counts
	Unit  string    `json:"unit"`
	Of    int64     `json:"of"`
	Fact  string    `json:"fact"`
	Kind  Kind      `json:"kind"`
	Value any       `json:"value,omitempty"`
	Base  Base      `json:"base"`
	At    time.Time `json:"at"`
}

// Place is where a device was. Refused is set where its owner would not have it say.
type Place struct {
	Latitude  json.Number `json:"latitude,omitempty"`
	Longitude json.Number `json:"longitude,omitempty"`
	Accuracy  json.Number `json:"accuracy,omitempty"` // metres
	Refused   bool        `json:"refused,omitempty"`
	At        time.Time   `json:"at"`
}

// Ending is how a visit ended.
type Ending struct {
	Result Result    `json:"result"`
	At     time.Time `json:"at"`
}

// Bundle is what a device sends of a visit at a time. Sent again, it changes nothing.
type Bundle struct {
	ID      string   `json:"bundle"` // a UUID
	Device  string   `json:"device"` // a UUID
	Visit   int64    `json:"visit"`
	SaidBy  string   `json:"said_by,omitempty"` // who of the household, or who else
	Answers []Answer `json:"answers,omitempty"`
	Place   *Place   `json:"place,omitempty"`
	End     *Ending  `json:"end,omitempty"`

	content []byte // as it was sent
}

var (
	badBundle = fault.Text{Key: "visit.bad-bundle", Zh: "手机送来的内容读不懂：{detail}。内容还在手机上，请联系管理员", En: "what the device sent cannot be read: {detail}; it is still on the device, tell an administrator"}
	bigBundle = fault.Text{Key: "visit.big-bundle", Zh: "手机一次送来的内容太多，请分次发送", En: "the device sent too much at once: send it in parts"}
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// ReadBundle reads what a device sent.
func ReadBundle(r io.Reader) (Bundle, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxBundle+1))
	if err != nil {
		return Bundle{}, fault.New(fault.Invalid, badBundle, fault.Args{"detail": "broken off"}).Because(err)
	}
	if len(content) > maxBundle {
		return Bundle{}, fault.New(fault.Invalid, bigBundle, nil)
	}
	return parseBundle(content)
}

func parseBundle(content []byte) (Bundle, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	var b Bundle
	if err := d.Decode(&b); err != nil {
		return Bundle{}, fault.New(fault.Invalid, badBundle, fault.Args{"detail": "JSON"}).Because(err)
	}
	if d.More() {
		return Bundle{}, fault.New(fault.Invalid, badBundle, fault.Args{"detail": "JSON"})
	}
	b.content = content
	if detail := b.wrong(); detail != "" {
		return Bundle{}, fault.New(fault.Invalid, badBundle, fault.Args{"detail": detail})
	}
	return b, nil
}

// Sealed makes a bundle of what a form says ready to be taken, as if a device had sent it.
func (b Bundle) Sealed() (Bundle, error) {
	content, err := json.Marshal(b)
	if err != nil {
		return Bundle{}, fmt.Errorf("writing a bundle: %w", err)
	}
	return parseBundle(content)
}

// wrong is what of a bundle makes no sense to anybody, "" for nothing. Whether an answer fits its question is seen when it is taken.
func (b *Bundle) wrong() string {
	switch {
	case !uuid.MatchString(b.ID):
		return "bundle"
	case !uuid.MatchString(b.Device):
		return "device"
	case b.Visit <= 0:
		return "visit"
	case len(b.Answers) > maxAnswers:
		return "answers"
	case len(b.SaidBy) > 400 || strings.ContainsRune(b.SaidBy, 0):
		return "said_by"
	case b.Place != nil && !b.Place.sane():
		return "place"
	case b.End != nil && results[b.End.Result].Zh == "":
		return "end"
	}
	for i := range b.Answers {
		if what := b.Answers[i].wrong(); what != "" {
			return fmt.Sprintf("answers[%d].%s", i, what)
		}
	}
	return ""
}

func (a *Answer) wrong() string {
	switch {
	case !uuid.MatchString(a.ID):
		return "id"
	case a.Seq < 0:
		return "seq"
	case !slices.Contains([]string{"person", "household", ofVisit}, a.Unit):
		return "unit"
	case a.Of <= 0:
		return "of"
	case a.Fact == "" || len(a.Fact) > 200 || strings.ContainsRune(a.Fact, 0):
		return "fact"
	case !slices.Contains([]Kind{Value, NotKnown, WouldNot}, a.Kind):
		return "kind"
	case (a.Kind == Value) != (a.Value != nil):
		return "value"
	}
	return ""
}

// sane reports whether a place is on earth, to what its columns hold, or is refused.
func (p *Place) sane() bool {
	if p.Refused {
		return p.Latitude == "" && p.Longitude == ""
	}
	return within(p.Latitude, 90) && within(p.Longitude, 180) && (p.Accuracy == "" || within(p.Accuracy, 1e7))
}

func within(n json.Number, limit int64) bool {
	d, err := parseDegrees(string(n))
	most, _ := money.FromInt(limit)
	return err == nil && d <= most && d >= -most
}

// parseDegrees reads a number to six places, which is a tenth of a metre of the earth: a device writes as many as it likes.
func parseDegrees(s string) (money.Decimal, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > 6 && !strings.ContainsAny(fraction, "eE") {
		fraction = fraction[:6]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return money.Parse(whole)
}

// digest is by which the same content is known again.
func (b *Bundle) digest() []byte {
	sum := sha256.Sum256(b.content)
	return sum[:]
}

// another is the id of a bundle whose id another content has already: made of the content, so that sent again it is the same.
func (b *Bundle) another() string { return uuidOf(b.digest()) }

// uuidOf makes a UUID of a digest.
func uuidOf(digest []byte) string {
	h := hex.EncodeToString(digest[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// inOrder are the answers in the device's order.
func (b *Bundle) inOrder() []Answer {
	return slices.SortedStableFunc(slices.Values(b.Answers), func(x, y Answer) int { return cmp.Compare(x.Seq, y.Seq) })
}
