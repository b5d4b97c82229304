package pack

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"dajiuzhu/internal/fault"
)

// Messages are what people are told of their matters, as package notification sends it: in the platform, by SMS and by e-mail.
type Messages struct {
	Quiet     *Quiet // nil: SMS and e-mail go out at any hour
	Templates []*Message
	Pos       Pos
}

// Quiet is the hours of the city's clock in which no SMS and no e-mail goes out: from one up to another, which is of the next day if it is less.
type Quiet struct{ From, To int }

// Message is a template in both languages. Places in braces, {due}, are filled when it is sent.
type Message struct {
	ID     string
	Name   Text // as officials know it
	Title  Text
	Text   Text
	SMS    Text // the text of an SMS, which holds nothing sensitive; zero: none is sent
	Urgent bool // SMS and e-mail go out in quiet hours too
	Pos    Pos
}

// Message is a template by its id, nil if there is none.
func (m *Messages) Message(id string) *Message {
	for _, t := range m.Templates {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// What a template may be filled with. An SMS is read on a locked screen and by whoever holds the phone: it names no person, no programme, no
// reason and no amount, since each of them may tell of an illness, a loss or a case.
var (
	messageArguments = []string{"name", "programme", "step", "reason", "papers", "amount", "village", "feed", "file", "count", "number", "due", "days", "office", "contact"}
	smsArguments     = []string{"number", "due", "days", "office", "contact", "count"}
)

// largestSMS is characters of an SMS's template: two parts of a Chinese one, with room for what fills it.
const largestSMS = 110

var (
	quietShape = named("免打扰时段", "quiet hours", need(key("from", kindCount)), need(key("to", kindCount)))

	messageShape = named("通知", "a message", need(key("message", kindID)), need(key("name", kindText)), need(key("title", kindText)),
		need(key("text", kindText)), key("sms", kindText), key("urgent", kindBool))

	messagesShape = named("通知文本", "messages.yaml", object("quiet", quietShape), need(some(objects("messages", messageShape))))
)

var (
	notAnHour = fault.Text{Key: "pack.not-an-hour",
		Zh: "应为 0 到 23 的整点，现在写的是“{found}”", En: `this is an hour from 0 to 23; found "{found}"`}
	unknownArgument = fault.Text{Key: "pack.unknown-argument",
		Zh: "“{found}”不能填进这里，可以填的有：{expected}", En: `"{found}" cannot be filled in here; what can be is: {expected}`}
	tooOpenForSMS = fault.Text{Key: "pack.too-open-for-sms",
		Zh: "短信里不能写“{found}”：姓名、项目、理由、金额都可能暴露隐私。可以写的有：{expected}", En: `an SMS cannot hold "{found}": names, programmes, reasons and amounts may tell what is private; it can hold: {expected}`}
	argumentsDiffer = fault.Text{Key: "pack.arguments-differ",
		Zh: "中英文要填的内容不一样：中文有 {zh}，英文有 {en}", En: "the languages are filled with different things: the Chinese with {zh}, the English with {en}"}
	longSMS = fault.Text{Key: "pack.long-sms",
		Zh: "短信有 {found} 个字，不能超过 {limit} 个", En: "the SMS has {found} characters; it can have {limit}"}
)

func (l *loader) messages(o node) {
	m := &Messages{Pos: o.pos()}
	l.pack.Messages = m
	if o.has("quiet") {
		q := o.object("quiet")
		m.Quiet = &Quiet{l.hour(q, "from"), l.hour(q, "to")}
	}
	seen := map[string]Pos{}
	for _, e := range o.objects("messages") {
		l.distinct(seen, e, "message")
		t := &Message{e.string("message"), e.text("name"), e.text("title"), e.text("text"), e.text("sms"), e.bool("urgent"), e.pos()}
		m.Templates = append(m.Templates, t)
		l.arguments(e, "title", t.Title, messageArguments, unknownArgument)
		l.arguments(e, "text", t.Text, messageArguments, unknownArgument)
		l.arguments(e, "sms", t.SMS, smsArguments, tooOpenForSMS)
		if n := utf8.RuneCountInString(t.SMS.Zh); n > largestSMS {
			l.fail(e.posOf("sms"), longSMS, fault.Args{"found": n, "limit": largestSMS})
		}
	}
}

func (l *loader) hour(o node, key string) int {
	n := o.count(key)
	if o.fits(key, kindCount) && n > 23 {
		l.fail(o.posOf(key), notAnHour, fault.Args{"found": n})
	}
	return n
}

var argumentPlace = regexp.MustCompile(`\{([^{}]*)\}`)

// Arguments are the names of what fills a template's text, each once, in their order of the alphabet.
func Arguments(text string) []string {
	var all []string
	for _, m := range argumentPlace.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// arguments refuses what cannot be filled in, and a text that tells more in one language than in the other.
func (l *loader) arguments(o node, key string, t Text, allowed []string, text fault.Text) {
	zh, en := Arguments(t.Zh), Arguments(t.En)
	all := slices.Concat(zh, en)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		if !slices.Contains(allowed, name) {
			l.fail(o.posOf(key), text, fault.Args{"found": name, "expected": strings.Join(allowed, ", ")})
		}
	}
	if !slices.Equal(zh, en) {
		l.fail(o.posOf(key), argumentsDiffer, fault.Args{"zh": orNothing(zh), "en": orNothing(en)})
	}
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}
