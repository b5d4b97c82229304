package files

import (
	"cmp"
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var templates embed.FS

var (
	noSuchPage    = fault.Text{Key: "files.no-such-page", Zh: "地址不对：没有这一户，或没有这个项目", En: "there is no such household or programme at this address"}
	noSuchOutcome = fault.Text{Key: "files.no-such-outcome", Zh: "这一户没有这个项目的预判结果", En: "this household has no outcome of that programme"}
	notToSee      = fault.Text{Key: "files.not-to-see", Zh: "您的岗位不能看判断理由", En: "your posting does not show reasons"}
)

// New returns the pages.
func New(d Deps) (*Files, error) {
	f := &Files{Deps: d, pack: d.Policy.Pack(), secrets: newSecrets(d.Policy)}
	var err error
	if f.templates, err = web.ParseTemplates(templates); err != nil {
		return nil, fmt.Errorf("reading the pages of households' files: %w", err)
	}
	return f, nil
}

// Nav is the search.
func (f *Files) Nav() []web.Link {
	return []web.Link{{Path: "/people", Zh: "查找", En: "Search", Who: web.May(access.SearchPeople)},
		{Path: "/hardest", Zh: "困难排序", En: "Hardest", Aside: true, Who: web.May(access.SeeRanking)}}
}

// Routes are the pages with who may call them; of which households is row-level security's.
func (f *Files) Routes() []web.Route {
	see := web.May(access.SeeFile)
	return []web.Route{
		{Pattern: "GET /people", Who: web.May(access.SearchPeople), Do: f.searchPage},
		{Pattern: "GET /hardest", Who: web.May(access.SeeRanking), Do: f.hardest, List: true, Export: f.exportedHardest()},
		{Pattern: "GET /files/{household}", Who: see, Do: f.filePage},
		{Pattern: "POST /files/{household}/open/{person}", Who: see, Do: f.openValue, Keyless: "shows, and is recorded each time"},
		{Pattern: "GET /files/{household}/programmes/{programme}", Who: see, Do: f.outcomePage},
		{Pattern: "GET /files/{household}/happiness", Who: see, Do: f.happinessPage},
	}
}

func (f *Files) searchPage(v *web.Visit) error {
	q := v.R.URL.Query()
	by, after := registry.By(q.Get("by")), afterOf(q)
	out, page, err := f.search(v.R.Context(), v.Principal(""), by, q.Get("q"), after, v.Lang)
	status := http.StatusOK
	view := searchView{found: out}
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return err
		}
		status, view.Wrong = v.Explain(err)
	}
	for _, by := range searches {
		view.Bys = append(view.Bys, purpose{string(by.by), v.Say(by.zh, by.en)})
	}
	if page.More {
		view.NextPath = "/people?" + url.Values{"q": {out.Wanted}, "by": {string(out.By)}, "key": {page.Next.Key}, "area": {page.Next.Area.String()},
			"person": {strconv.FormatInt(page.Next.Person, 10)}}.Encode()
	}
	if after != (registry.After{}) {
		view.FirstPath = "/people?" + url.Values{"q": {out.Wanted}, "by": {string(out.By)}}.Encode()
	}
	return v.Render(status, f.templates, "people", view)
}

// searchView is the page of a search.
type searchView struct {
	found
	Wrong               string
	Bys                 []purpose
	FirstPath, NextPath string
}

var searches = []struct {
	by     registry.By
	zh, en string
}{
	{registry.ByName, "姓名", "name"}, {registry.ByPinyin, "拼音", "pinyin"}, {registry.ByInitials, "拼音首字母", "initials"},
	{registry.ByNumber, "身份证号", "identity number"}, {registry.ByPhone, "手机号", "phone"}, {registry.ByAddress, "住址", "address"},
}

// afterOf is where a page of a search begins. What is mistyped in an address begins at the beginning.
func afterOf(q url.Values) registry.After {
	place, err := area.Parse(q.Get("area"))
	if err != nil {
		return registry.After{}
	}
	person, _ := strconv.ParseInt(q.Get("person"), 10, 64)
	return registry.After{Key: q.Get("key"), Area: place, Person: person}
}

// asking is what a request asks for.
func asks(v *web.Visit) (asking, error) {
	household, err := strconv.ParseInt(v.R.PathValue("household"), 10, 64)
	if err != nil {
		return asking{}, fault.New(fault.NotFound, noSuchPage, nil)
	}
	return asking{who: v.Principal(""), lang: v.Lang, household: household, on: v.Today()}, nil
}

func (f *Files) filePage(v *web.Visit) error {
	a, err := asks(v)
	if err != nil {
		return err
	}
	return f.show(v, a)
}

// show answers with a file. What was opened is on this answer alone, which nothing keeps.
func (f *Files) show(v *web.Visit, a asking) error {
	s, err := f.read(v.R.Context(), a)
	if err != nil {
		return err
	}
	if s.role == access.Department {
		return f.served(v, s)
	}
	page := s.view()
	if err := f.beside(v, s, &page); err != nil {
		return err
	}
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(http.StatusOK, f.templates, "file", page)
}

// beside adds what other packages keep of the household.
func (f *Files) beside(v *web.Visit, s *sheet, page *view) error {
	ctx := v.R.Context()
	return f.DB.As(ctx, v.Principal(""), func(tx pgx.Tx) (err error) {
		if page.Work, err = s.work(ctx, tx, v); err != nil {
			return err
		}
		if page.Granted, err = s.grantedHere(ctx, tx); err != nil {
			return err
		}
		if !v.Session.May(access.SeeOpenings) {
			return nil
		}
		opened, err := access.OpeningsOf(ctx, tx, s.subjects(), mostOpenings)
		page.Openings = s.openings(opened)
		return err
	})
}

func (f *Files) openValue(v *web.Visit) error {
	a, err := asks(v)
	if err != nil {
		return err
	}
	person, err := strconv.ParseInt(v.R.PathValue("person"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	a.open = &asked{person: person, field: v.R.PostFormValue("field"), purpose: access.Purpose(v.R.PostFormValue("purpose"))}
	return f.show(v, a)
}

// reasonsView is a programme's outcomes in one household, opened.
type reasonsView struct {
	view
	Name     string
	Sections []reasons
}

type reasons struct {
	outcome
	Steps []rules.Step
}

func (f *Files) outcomePage(v *web.Visit) error {
	a, err := asks(v)
	if err != nil {
		return err
	}
	s, err := f.read(v.R.Context(), a)
	if err != nil {
		return err
	}
	if !s.see.facts || s.role == access.Department { // a department's own stand in the file itself
		return fault.New(fault.Forbidden, notToSee, nil)
	}
	page := reasonsView{view: s.summary()}
	for i := range s.outcomesOf(v.R.PathValue("programme")) {
		o := &s.outcomesOf(v.R.PathValue("programme"))[i]
		page.Name = o.Name.In(s.lang)
		page.Sections = append(page.Sections, reasons{s.outcome(o), s.words.Opened(o)})
	}
	if len(page.Sections) == 0 {
		return fault.New(fault.NotFound, noSuchOutcome, nil)
	}
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(http.StatusOK, f.templates, "reasons", page)
}

// outcomesOf are what a programme comes to in the household, for each unit that it is about.
func (s *sheet) outcomesOf(programme string) []rules.OutcomeReport {
	if s.why == nil {
		return nil
	}
	var all []rules.OutcomeReport
	for _, o := range s.why.Outcomes {
		if o.Programme == programme && o.Outcome != rules.NotAssessed.String() {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b rules.OutcomeReport) int {
		return cmp.Compare(slices.Index(outcomeOrder, a.Outcome), slices.Index(outcomeOrder, b.Outcome))
	})
	return all
}

func (f *Files) happinessPage(v *web.Visit) error {
	a, err := asks(v)
	if err != nil {
		return err
	}
	s, err := f.read(v.R.Context(), a)
	if err != nil {
		return err
	}
	if s.role == access.Department {
		return fault.New(fault.Forbidden, notToSee, nil)
	}
	page := s.summary()
	page.Held, page.Plan = s.held(), s.planOrNone()
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(http.StatusOK, f.templates, "happiness", page)
}

// openings are who opened values, for the page.
func (s *sheet) openings(all []access.Opening) []opening {
	var out []opening
	for _, o := range all {
		one := opening{At: o.At.In(zone).Format("2006-01-02 15:04"), By: o.Name, Role: o.Role.Name(s.lang), Purpose: o.Purpose.Name(s.lang), Field: s.fieldName(o.Field)}
		for _, p := range s.file.Persons {
			if slices.Contains(append([]int64{p.ID}, p.Same...), personOf(o.Subject)) {
				one.Who = p.Name
			}
		}
		out = append(out, one)
	}
	return out
}

func personOf(subject string) int64 {
	var id int64
	_, _ = fmt.Sscanf(subject, "person:%d", &id)
	return id
}

// fieldName is what an opened field is called.
func (s *sheet) fieldName(field string) string {
	switch field {
	case "person." + fieldNumber:
		return s.say("公民身份号码", "identity number")
	case "person." + fieldPhone:
		return s.say("手机号", "phone")
	}
	if f := s.pack.Fact(field); f != nil {
		return f.Label.In(s.lang)
	}
	return field
}
