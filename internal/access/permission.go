package access

import (
	"slices"

	"dajiuzhu/internal/fault"
)

// Permission is something that may be done. Whose rows it may be done to is row-level security's: the area and the department of the posting.
type Permission string

// The permissions.
const (
	SeeOwnFile       Permission = "file.own"
	SearchPeople     Permission = "people.search"
	SeeFile          Permission = "file.see"
	CorrectFacts     Permission = "facts.correct"
	MergePeople      Permission = "people.merge"
	SeeRanking       Permission = "ranking.see"
	SeeCity          Permission = "city.see"
	SeeWarnings      Permission = "warning.see"
	ConfirmWarning   Permission = "warning.confirm"
	Visit            Permission = "visit.do"
	SeeVisits        Permission = "visit.see"
	TakeRequest      Permission = "request.take"
	FileFor          Permission = "filing.make"
	ApplyOwn         Permission = "filing.own"
	TakeAtWindow     Permission = "filing.window"
	TieResidents     Permission = "resident.tie"
	HandleFiling     Permission = "filing.handle"
	Survey           Permission = "survey.do"
	Decide           Permission = "filing.decide"
	HandleItem       Permission = "item.handle"
	Supervise        Permission = "filing.supervise"
	CheckMeans       Permission = "means.check"
	Deliver          Permission = "feed.deliver"
	SeeFeeds         Permission = "feed.see"
	PromoteBatch     Permission = "batch.promote"
	Pay              Permission = "payment.make"
	OfferResources   Permission = "resource.offer"
	MatchResources   Permission = "resource.match"
	Simulate         Permission = "policy.simulate"
	EditPolicy       Permission = "policy.edit"
	PublishPolicy    Permission = "policy.publish"
	ManageAccounts   Permission = "account.manage"
	DeclareRelatives Permission = "relative.declare"
	SeeOpenings      Permission = "opening.see"
	SeeActs          Permission = "ledger.see"
	Operate          Permission = "platform.operate"
)

// grant is what a permission means and who has it.
type grant struct {
	zh, en  string
	changes bool // it changes something; what does not only shows
	roles   []Role
}

// handlers is everybody of the administration who has to do with cases.
var handlers = []Role{Assistant, Officer, Decider, Supervisor, Department, Administrator, Hotline}

// grants is the one table of who may do what. What does not stand here nobody may. Nobody both surveys and decides; an inspector changes nothing.
var grants = map[Permission]grant{
	SeeOwnFile:       {"看自己家的档案", "see one's own household's file", false, []Role{Resident}},
	SearchPeople:     {"查找人员", "search people", false, []Role{Assistant, Officer, Decider, Supervisor, Administrator, Inspector, Hotline}},
	SeeFile:          {"看家庭档案", "see a household's file", false, []Role{Assistant, Officer, Decider, Supervisor, Department, Administrator, Inspector, Hotline}},
	CorrectFacts:     {"更正信息", "correct facts", true, []Role{Officer, Supervisor}},
	MergePeople:      {"合并、拆分人员", "merge and split people", true, []Role{Officer, Supervisor}},
	SeeRanking:       {"看困难排序", "see the ranking by hardship", false, []Role{Assistant, Officer, Decider, Supervisor, Administrator, Inspector}},
	SeeCity:          {"看全局情况", "see the picture of the whole area", false, []Role{Supervisor, Administrator, Inspector}},
	SeeWarnings:      {"看预警", "see warnings", false, []Role{Assistant, Officer, Decider, Supervisor, Department, Administrator, Inspector}},
	ConfirmWarning:   {"确认、关闭预警", "confirm and close warnings", true, []Role{Officer, Supervisor}},
	Visit:            {"走访", "visit", true, []Role{Assistant, Officer}},
	SeeVisits:        {"看走访", "see visits", false, []Role{Assistant, Officer, Decider, Supervisor, Administrator, Inspector}},
	TakeRequest:      {"受理求助", "take a request for help", true, []Role{Assistant, Officer, Hotline}},
	FileFor:          {"申报", "file", true, []Role{Assistant, Officer}},
	ApplyOwn:         {"为自己家申请", "apply for one's own household", true, []Role{Resident}},
	TakeAtWindow:     {"窗口受理本部门项目", "take applications for the department's own programmes at its window", true, []Role{Department}},
	TieResidents:     {"给居民开通账号", "tie residents' accounts to who they are", true, []Role{Assistant, Officer}},
	HandleFiling:     {"经办申请", "handle filings", true, []Role{Officer}},
	Survey:           {"入户调查", "survey at home", true, []Role{Officer}},
	Decide:           {"审核确认", "decide", true, []Role{Decider}},
	HandleItem:       {"办理本部门事项", "handle the department's own items", true, []Role{Department}},
	Supervise:        {"抽查、退回、叫停", "sample, return and stop cases", true, []Role{Supervisor}},
	CheckMeans:       {"发起核对", "request means checks", true, []Role{Officer, Supervisor}},
	Deliver:          {"报送数据", "deliver data", true, []Role{Department, Administrator}},
	SeeFeeds:         {"看数据报送情况", "see how feeds stand", false, []Role{Supervisor, Department, Administrator, Inspector}},
	PromoteBatch:     {"批准数据入库", "take a batch into the record, or back", true, []Role{Administrator}},
	Pay:              {"编制发放名单", "make payment lists", true, []Role{Supervisor}},
	OfferResources:   {"提供资源", "offer resources", true, []Role{Organisation}},
	MatchResources:   {"对接资源", "match resources", true, []Role{Officer, Supervisor}},
	Simulate:         {"测算政策", "simulate policy", false, []Role{Supervisor, Administrator}},
	EditPolicy:       {"编辑政策", "edit policy", true, []Role{Administrator}},
	PublishPolicy:    {"发布政策", "publish policy", true, []Role{Administrator}},
	ManageAccounts:   {"管理账号", "manage accounts", true, []Role{Administrator}},
	DeclareRelatives: {"申报近亲属", "declare near relatives", true, handlers},
	SeeOpenings:      {"看敏感信息查看记录", "see who opened sensitive fields", false, []Role{Supervisor, Administrator, Inspector}},
	SeeActs:          {"看操作记录", "see what was done", false, []Role{Administrator, Inspector}},
	Operate:          {"看平台运行情况", "see how the platform runs", false, []Role{Administrator}},
}

// May reports whether the role may do something.
func (r Role) May(p Permission) bool { return slices.Contains(grants[p].roles, r) }

// Permissions are all permissions, in the order of their values.
func Permissions() []Permission {
	all := make([]Permission, 0, len(grants))
	for p := range grants {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// Name is what the permission is called.
func (p Permission) Name(lang fault.Lang) string { return lang.Say(grants[p].zh, grants[p].en) }

// Changes reports whether the permission changes something; what does not only shows.
func (p Permission) Changes() bool { return grants[p].changes }
