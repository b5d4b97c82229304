package telling

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
)

// The templates of the pack's messages.yaml: one for each event.
const (
	// To whoever applied.
	FilingReceived    = "filing-received"
	PapersLacking     = "papers-lacking"
	Accepted          = "accepted"
	SurveyPlanned     = "survey-planned"
	NoticePosted      = "notice-posted"
	BackToApplicant   = "back-to-applicant"
	Delayed           = "delayed"
	Granted           = "granted"
	Refused           = "refused"
	HelpFirst         = "help-first"
	Published         = "published"
	Paid              = "paid"
	ObjectionReceived = "objection-received"
	ObjectionAnswered = "objection-answered"
	AppealReceived    = "appeal-received"
	AppealAnswered    = "appeal-answered"
	ReviewDue         = "review-due"
	HelpEnded         = "help-ended"

	// To the person of the record whose account it is.
	AccountTied     = "account-tied"
	AccountPassword = "account-password"

	// To whoever works on cases.
	ItemArrived       = "item-arrived"
	ItemReturned      = "item-returned"
	ItemQuestion      = "item-question"
	ItemOverdue       = "item-overdue"
	NoticeOver        = "notice-over"
	DecidedOtherwise  = "decided-otherwise"
	ResultBack        = "result-back"
	FiledLacks        = "filed-lacks"
	FiledGranted      = "filed-granted"
	FiledRefused      = "filed-refused"
	MeetingCalled     = "meeting-called"
	EmergencyReported = "emergency-reported"
	AppealFiled       = "appeal-filed"
	AppealDecided     = "appeal-decided"
	ReviewsOpened     = "reviews-opened"
	ReviewsLate       = "reviews-late"

	// To whoever works on warnings, goes to homes, or checks means.
	WarningGiven   = "warning-given"
	WarningsPassed = "warnings-passed"
	ReportArrived  = "report-arrived"
	VisitGiven     = "visit-given"
	VisitTaken     = "visit-taken"
	VisitLate      = "visit-late"
	AnswersDiffer  = "answers-differ"
	AnswersAside   = "answers-aside"
	CheckAsked     = "check-asked"
	CheckReported  = "check-reported"
	CheckObjected  = "check-objected"
	CheckEnded     = "check-ended"

	// To whoever delivers data, and whoever looks after the platform.
	FeedLate    = "feed-late"
	FeedsLate   = "feeds-late"
	LapsesAhead = "lapses-ahead"
	JobsDead    = "jobs-dead"
	ExportReady = "export-ready"
	ExportFails = "export-fails"
)

// Templates are all templates by which somebody is told of something.
func Templates() []string {
	return []string{FilingReceived, PapersLacking, Accepted, SurveyPlanned, NoticePosted, BackToApplicant, Delayed, Granted, Refused, HelpFirst, Published, Paid,
		ObjectionReceived, ObjectionAnswered, AppealReceived, AppealAnswered, ReviewDue, HelpEnded, AccountTied, AccountPassword,
		ItemArrived, ItemReturned, ItemQuestion, ItemOverdue, NoticeOver, DecidedOtherwise, ResultBack, FiledLacks, FiledGranted, FiledRefused, MeetingCalled, EmergencyReported, AppealFiled, AppealDecided,
		ReviewsOpened, ReviewsLate,
		WarningGiven, WarningsPassed, ReportArrived, VisitGiven, VisitTaken, VisitLate, AnswersDiffer, AnswersAside, CheckAsked, CheckReported, CheckObjected, CheckEnded,
		FeedLate, FeedsLate, LapsesAhead, JobsDead, ExportReady, ExportFails}
}

// Telling tells who must be told. It is safe for concurrent use.
type Telling struct {
	notes   *notification.Notifications
	pack    *pack.Pack
	contact string // whom residents and staff call
}

var lacksTexts = fault.Text{Key: "telling.lacks-texts",
	Zh: "政策包的 messages.yaml 缺少这些通知：{names}。请补上，否则办理时没法告诉人", En: "the pack's messages.yaml lacks these messages: {names}; add them, or nobody can be told"}

// New is a telling by a pack's messages. A pack that lacks the text for an event is refused here, and not when somebody is to be told.
func New(notes *notification.Notifications, p *pack.Pack, contact string) (*Telling, error) {
	var lacking []string
	for _, id := range Templates() {
		if p.Messages == nil || p.Messages.Message(id) == nil {
			lacking = append(lacking, id)
		}
	}
	if len(lacking) > 0 {
		return nil, fault.New(fault.Invalid, lacksTexts, fault.Args{"names": strings.Join(lacking, ", ")})
	}
	return &Telling{notes, p, contact}, nil
}

// tell fills a message with what any template may want, and writes it.
func (t *Telling) tell(ctx context.Context, tx pgx.Tx, m notification.Message) error {
	if t == nil {
		return nil
	}
	all := notification.Args{"contact": notification.Same(t.contact), "village": t.place(m.Area), "office": t.office(m.Area)}
	for name, value := range m.Args {
		all[name] = value
	}
	m.Args = all
	return t.notes.Tell(ctx, tx, m)
}

// place is an area among its neighbours.
func (t *Telling) place(c area.Code) pack.Text {
	if t.pack.Areas == nil || !t.pack.Areas.Has(c) {
		return notification.Same(c.String())
	}
	return notification.Same(t.pack.Areas.Short(c))
}

// office is where whoever has a question turns to.
func (t *Telling) office(c area.Code) pack.Text {
	at := c
	if c.Level() == area.Village {
		at = c.At(area.Township)
	}
	name := t.place(at).Zh
	return pack.Text{Zh: name + "社会救助窗口", En: "the assistance window of " + name}
}

// number is a number as both languages write it.
func number[N ~int | ~int64](n N) pack.Text {
	return notification.Same(strconv.FormatInt(int64(n), 10))
}

func toOffice(role access.Role, at area.Code) notification.To {
	return notification.To{Office: notification.Office{Role: role, Area: at}}
}

// township is the office that works on cases of a place: the township's, or of a larger place the county's.
func township(c area.Code) notification.To {
	if c.Level() < area.Township {
		return toOffice(access.Supervisor, c.At(area.County))
	}
	return toOffice(access.Officer, c.At(area.Township))
}

func county(c area.Code) notification.To { return toOffice(access.Supervisor, c.At(area.County)) }

// administrators are the offices of those who look after the platform: the city's, and the county's of a matter in a county.
func (t *Telling) administrators(at area.Code) []notification.To {
	all := []notification.To{toOffice(access.Administrator, t.pack.Area)}
	if c := at.At(area.County); at != 0 && c != 0 && c != t.pack.Area {
		all = append(all, toOffice(access.Administrator, c))
	}
	return all
}

// links are the pages of what messages are about.
var links = map[string]string{"item": "/cases/", "meeting": "/meetings/", "warning": "/warnings/", "visit": "/visits/", "check": "/checks/", "export": "/exports#export-"}

// lists are the lists that messages about many things lead to.
var lists = map[string]string{"warnings:given": "/warnings?view=mine", "warnings:passed": "/warnings?view=desk", "reviews:open": "/reviews", "reviews:late": "/reviews",
	"conflicts": "/visit-conflicts", "feeds": "/feeds", "jobs": "/operations", "lapses": "/operations"}

// Link is the page of what a message is about, as [notification.Entry.About] says it, "" for none.
func Link(about string) string {
	if to, ok := lists[about]; ok {
		return to
	}
	kind, id, _ := strings.Cut(about, ":")
	if kind == "feed" && id != "" {
		return "/feeds/" + id
	}
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n <= 0 || links[kind] == "" {
		return ""
	}
	return links[kind] + id
}

// each tells each of several the same, each with their own key.
func (t *Telling) each(ctx context.Context, tx pgx.Tx, all []notification.To, m notification.Message) error {
	var told []notification.To
	for _, to := range all {
		if slices.Contains(told, to) {
			continue
		}
		told, m.To = append(told, to), to
		if err := t.tell(ctx, tx, m); err != nil {
			return fmt.Errorf("telling of %s: %w", m.About, err)
		}
	}
	return nil
}

func assistants(village area.Code) notification.To { return toOffice(access.Assistant, village) }

func departmentAt(department string, at area.Code) notification.To {
	return notification.To{Office: notification.Office{Role: access.Department, Area: at, Department: department}}
}
