package casework

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// Casework has the functions on filings. It is safe for concurrent use.
type Casework struct {
	pack     *pack.Pack
	explain  Explainer
	warnings Helped       // nil: nobody is told
	keys     *sealed.Keys // nil: no file is kept

	recounted  *atomic.Bool // no limit waits that this pack's calendar could tell
	procedures *sync.Map    // versions that were read, by their ids
}

// New is the casework of a pack, which [ApplyPack] has told the database, with what the policy comes to for a household.
func New(p *pack.Pack, explain Explainer) *Casework {
	return &Casework{pack: p, explain: explain, recounted: new(atomic.Bool), procedures: new(sync.Map)}
}

// Helped is told of each item that is granted: [warning.Warnings] answers what waited for it, and returns those rounds.
type Helped interface {
	HelpedBy(ctx context.Context, tx pgx.Tx, item int64, on calendar.Date) (rounds []int64, err error)
}

// Telling is the same casework that also tells of help that was granted, in the decision's transaction.
func (c *Casework) Telling(to Helped) *Casework {
	told := *c
	told.warnings = to
	return &told
}

// Sealing is the same casework that also keeps the files of papers, sealed.
func (c *Casework) Sealing(keys *sealed.Keys) *Casework {
	keeps := *c
	keeps.keys = keys
	return &keeps
}

var (
	noItem   = fault.Text{Key: "casework.no-such-item", Zh: "没有这个事项，或不在您的辖区、部门", En: "there is no such item, or not in your area or department"}
	noFiling = fault.Text{Key: "casework.no-such-filing", Zh: "没有这份申请，或不在您的辖区", En: "there is no such filing, or not in your area"}
	closed   = fault.Text{Key: "casework.closed", Zh: "事项已办结或终止，不能再改。对决定不服的，请登记复议或诉讼",
		En: "the item is closed and is not changed any more; what is to be done against the decision is recorded as reconsideration or suit"}
	suspended = fault.Text{Key: "casework.suspended", Zh: "县级已叫停这个事项，恢复办理后才能继续", En: "the county has suspended the item: it goes on once it is resumed"}
	notNow    = fault.Text{Key: "casework.not-now", Zh: "现在不能办这个环节。请刷新后看下一步是什么", En: "this step cannot be done now; load the item again and see what is next"}
	notYours  = fault.Text{Key: "casework.not-yours", Zh: "这个环节不由您的岗位办理", En: "this step is not for your role"}
	keptFrom  = fault.Text{Key: "casework.kept-from", Zh: "调查或提出意见的人不能再办这个环节，请换人办理",
		En: "whoever surveyed or gave an opinion may not do this step: have somebody else do it"}
	tooFew = fault.Text{Key: "casework.too-few", Zh: "人数不够，或缺签字：请写全共同办理的人和家庭签字（委托的附委托书）",
		En: "too few people or a signature is missing: name all who did it together and the family's signature, or the paper by which it had somebody act"}
	noReason = fault.Text{Key: "casework.no-reason", Zh: "不予确认，或与系统预判不一致的，要写明理由", En: "a refusal, or a decision otherwise than the engine's, needs its reasons"}
	relative = fault.Text{Key: "casework.near-relative", Zh: "这一户有您或共同办理人申报的近亲属，应当回避，请换人办理",
		En: "somebody in this household is declared a near relative of yours or of who works with you: have somebody else do it"}
	noticeRuns     = fault.Text{Key: "casework.notice-runs", Zh: "公示没有满期，或还有异议没有处理，现在不能决定", En: "the notice still runs or an objection is open: nothing is decided yet"}
	notSo          = fault.Text{Key: "casework.not-so", Zh: "内容与办理规定或档案不符，请核对：{zh}", En: "this does not agree with the procedure or the record; look at it again: {en}"}
	noRight        = fault.Text{Key: "casework.no-right", Zh: "您没有办理的权限，或不在您的辖区", En: "you may not do this, or it is not in your area"}
	twice          = fault.Text{Key: "casework.already-open", Zh: "这一户的这个项目已在办理，不能重复申请", En: "this household's item of the programme is under way: it is not asked for twice"}
	restsOnNothing = fault.Text{Key: "casework.rests-on-nothing",
		Zh: "还缺依据：全体成年成员要先签授权书；核对正在进行的，要等报告；在外面核对的，要写明结果",
		En: "something is missing that this rests on: every grown-up member authorises it first; a check that is under way has to be reported; what a check elsewhere came to is written down"}
	noQuorum = fault.Text{Key: "casework.no-quorum", Zh: "到会的部门不够，会议不能成立。没有议的事项整项不填；人不够的，请改期另行召集",
		En: "too few of the departments called sat, and the conference does not count: leave a case empty that was not spoken of, and convene another where too few came"}
	doneBefore = fault.Text{Key: "casework.done-before", Zh: "这件事已经登记过，不能重复登记。请刷新后查看", En: "this was written down before and is not written down twice; load the page again"}
	incomplete = fault.Text{Key: "casework.incomplete", Zh: "缺少必填内容，或日期先后不对。请看清每一项再提交", En: "something needed is missing, or dates are out of order: look at every field and send it again"}
)

// refusals are the faults by which the database's refusals are told.
var refusals = map[string]struct {
	kind fault.Kind
	text fault.Text
}{
	"DZ430": {fault.Conflict, closed}, "DZ431": {fault.Conflict, suspended}, "DZ432": {fault.Conflict, notNow},
	"DZ433": {fault.Forbidden, notYours}, "DZ434": {fault.Forbidden, keptFrom}, "DZ435": {fault.Invalid, tooFew},
	"DZ436": {fault.Invalid, noReason}, "DZ437": {fault.Forbidden, relative}, "DZ438": {fault.Conflict, noticeRuns},
	"DZ441": {fault.Conflict, restsOnNothing}, "DZ443": {fault.Invalid, noQuorum},
}

// refused makes a fault of what the database refused; nil where it refused nothing. None is what is said where there is no row.
func refused(doing string, none fault.Text, err error) error {
	var p *pgconn.PgError
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, none, nil)
	}
	if !errors.As(err, &p) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if r, ok := refusals[p.Code]; ok {
		return fault.New(r.kind, r.text, nil).Because(errors.New(p.Message))
	}
	switch {
	case p.Code == "DZ439":
		return fault.New(fault.Invalid, notSo, fault.Args{"zh": notSoZh(p.Message), "en": p.Message})
	case p.ConstraintName == "item_open":
		return fault.New(fault.Conflict, twice, nil)
	case p.Code == "23505":
		return fault.New(fault.Conflict, doneBefore, nil)
	case p.Code == "42501": // row-level security or a missing grant
		return fault.New(fault.Forbidden, noRight, nil)
	case p.Code == "23514" || p.Code == "23503" || p.Code == "22007":
		return fault.New(fault.Invalid, incomplete, nil).Because(errors.New(p.ConstraintName))
	}
	bare := *p
	bare.Detail, bare.Where = "", ""
	return fmt.Errorf("%s: %w", doing, &bare)
}

// notSoWords are what the database says does not agree, as people read it.
var notSoWords = map[string]string{
	"a decision comes with its step": "决定要和审核确认这一步一起作出", "a decision grants or refuses": "决定要写明予以确认还是不予确认",
	"a decision grants something or refuses": "予以确认的要写明给予什么", "a decision says what it rests on": "决定缺少依据", "it is posted with its step": "公示公布要和这一步一起登记",
	"no account of a member of the household": "账号的主人不是这一户的成员",
	"no account of a resident there":          "当地没有这个居民账号", "no meeting with its quorum has spoken of the item": "没有到会人数够的会议议过这件事",
	"no such file of a visit to this household": "不是走访这一户时的附件", "nothing is awarded but what was decided": "给予的与决定的不一致",
	"nothing of this is ever posted": "这个项目按规定不公示、不公布", "the amount is not what is granted": "金额与决定的不一致",
	"the applicant does not belong to the household": "申请人不是这一户的成员", "the person does not belong to the household": "这个人不是这一户的成员",
	"the review says otherwise": "核查结果不是这样，或停止日期不是渐退期满那天", "this is not how the programme is handled on the day": "这个项目当天不按这个程序办理",
}

func notSoZh(message string) string {
	if zh, ok := notSoWords[message]; ok {
		return zh
	}
	return "没有相应的规定（" + message + "）"
}

func record(ctx context.Context, tx pgx.Tx, kind, subject string, id int64, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("%s:%d", subject, id), Detail: detail})
	return err
}

// place is where the platform's days begin and end.
var place = time.FixedZone("Asia/Shanghai", 8*60*60)

// dayOf is the day of a moment, where the platform is.
func dayOf(t time.Time) calendar.Date {
	y, m, d := t.In(place).Date()
	return calendar.Must(y, m, d)
}

// beginOf is a day's first moment.
func beginOf(d calendar.Date) time.Time {
	y, m, day := d.YMD()
	return time.Date(y, m, day, 0, 0, 0, 0, place)
}

// writeDate is a date as the database reads it; a span's open ends are its infinities.
func writeDate(d calendar.Date) string {
	switch {
	case d >= calendar.Forever:
		return "infinity"
	case d <= calendar.Beginning:
		return "-infinity"
	}
	return d.String()
}
