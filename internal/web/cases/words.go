package cases

import (
	"errors"
	"strings"
	"unicode/utf8"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

func asFault(err error) (*fault.Error, bool) {
	var e *fault.Error
	ok := errors.As(err, &e)
	return e, ok
}

// words are the closed words of casework, by their kind, as people read them.
var words = map[string]map[string]pack.Text{
	"occasion": {
		"application": {Zh: "申请", En: "application"}, "warning": {Zh: "预警发现", En: "from a warning"}, "emergency": {Zh: "急难", En: "emergency"},
		"review": {Zh: "复核", En: "from a review"}, "list": {Zh: "免申即享", En: "without application"}, "appeal": {Zh: "复议、诉讼后重办", En: "after an appeal"},
		"moved": {Zh: "迁入", En: "after a move"},
	},
	"channel": {
		"window": {Zh: "镇街窗口", En: "township window"}, "village": {Zh: "村级申报", En: "village"}, "phone": {Zh: "电话", En: "telephone"}, "web": {Zh: "网上", En: "web"},
		"hotline": {Zh: "12345热线", En: "hotline"}, "system": {Zh: "系统", En: "platform"},
	},
	"state": {
		"open": {Zh: "办理中", En: "under way"}, "returned": {Zh: "退回更正", En: "returned"}, "suspended": {Zh: "已叫停", En: "suspended"}, "ended": {Zh: "已办结", En: "closed"},
	},
	"ended": {
		"done": {Zh: "办结", En: "done"}, "withdrawn": {Zh: "本人撤回", En: "withdrawn"}, "not-wished": {Zh: "本人不愿申请", En: "not wished for"}, "died": {Zh: "申请人去世", En: "died"},
		"moved": {Zh: "迁出", En: "moved away"},
	},
	"decision": {"granted": {Zh: "予以确认", En: "granted"}, "refused": {Zh: "不予确认", En: "refused"}},
	"event": {
		"return": {Zh: "退回更正", En: "returned for mending"}, "withdraw": {Zh: "本人撤回", En: "withdrawn"}, "not-wished": {Zh: "本人签字不愿申请", En: "signed that it is not wished for"},
		"died": {Zh: "申请人去世，终止", En: "ended: the person died"}, "moved": {Zh: "迁出，终止", En: "ended: moved away"}, "suspend": {Zh: "县级叫停", En: "suspended by the county"},
		"resume": {Zh: "恢复办理", En: "resumed"}, "extend": {Zh: "延长期限", En: "limit extended"}, "near-kin": {Zh: "近亲属备案", En: "registered as near relatives'"},
		"drawn": {Zh: "县级抽中", En: "drawn for the county's sample"},
	},
	"against": {"notice": {Zh: "公示", En: "the notice"}, "survey": {Zh: "入户调查", En: "the survey"}, "means-check": {Zh: "核对结果", En: "the means check"}},
	"answer": {
		"re-survey": {Zh: "换人重新调查", En: "surveyed anew by others"}, "community-review": {Zh: "民主评议", En: "community review"}, "new-check": {Zh: "重新核对", En: "checked anew"},
		"correction": {Zh: "更正数据", En: "data corrected"}, "not-taken": {Zh: "不受理（不属于异议）", En: "not taken: it is no objection"},
	},
	"remedy": {"reconsideration": {Zh: "行政复议", En: "administrative reconsideration"}, "suit": {Zh: "行政诉讼", En: "suit"}, "complaint": {Zh: "投诉", En: "complaint"}},
	"appealed": {
		"upheld": {Zh: "维持", En: "upheld"}, "changed": {Zh: "变更", En: "changed"}, "revoked": {Zh: "撤销", En: "revoked"}, "withdrawn": {Zh: "撤回", En: "withdrawn"},
		"not-taken": {Zh: "不予受理", En: "not taken"},
	},
	"unit": {
		"hours": {Zh: "小时", En: "hours"}, "days": {Zh: "日", En: "days"}, "working-days": {Zh: "个工作日", En: "working days"}, "months": {Zh: "个月", En: "months"}, "years": {Zh: "年", En: "years"},
	},
	"shown": {
		"applicant": {Zh: "申请人", En: "Applicant"}, "member-count": {Zh: "家庭人口", En: "Members"}, "village": {Zh: "住址（村、社区）", En: "Village"},
		"programme": {Zh: "救助项目", En: "Programme"}, "amount": {Zh: "拟救助金额（元）", En: "Amount (yuan)"}, "reason": {Zh: "事由", En: "Reason"}, "contact": {Zh: "监督电话", En: "Telephone"},
	},
	"supervision": {
		"overdue": {Zh: "超期", En: "overdue"}, "overridden": {Zh: "与预判不一致", En: "decided otherwise"}, "returned": {Zh: "退回", En: "returned"}, "near-kin": {Zh: "近亲属", En: "near relatives"},
		"drawn": {Zh: "抽中", En: "drawn"}, "reconsideration": {Zh: "行政复议", En: "reconsideration"}, "complaint": {Zh: "投诉", En: "complaint"}, "asked": {Zh: "主动查看", En: "looked at"},
	},
	"supervised": {"open": {Zh: "待看", En: "to be looked at"}, "asked": {Zh: "已询问", En: "asked"}, "answered": {Zh: "已答复", En: "answered"}, "closed": {Zh: "已了结", En: "closed"}},
	"act":        {"ask": {Zh: "询问", En: "asked"}, "answer": {Zh: "答复", En: "answered"}, "close": {Zh: "了结", En: "closed"}},
	"reviewed": {
		"continue": {Zh: "继续享受", En: "goes on"}, "change": {Zh: "调整", En: "changes"}, "end": {Zh: "停止", En: "ends"}, "exit": {Zh: "渐退", En: "gradual exit"},
	},
	"paper": {
		"application": {Zh: "申请书", En: "Application"}, "authorisation": {Zh: "授权书、承诺书", En: "Authorisation and pledge"}, "proxy": {Zh: "委托书", En: "Proxy"},
		"survey": {Zh: "调查表", En: "Survey record"}, "notice": {Zh: "公示", En: "Notice"}, "letter": {Zh: "通知书", En: "Letter"}, "medical": {Zh: "医疗材料", En: "Medical papers"},
		"identity": {Zh: "身份材料", En: "Identity papers"}, "income": {Zh: "收入财产材料", En: "Papers on means"}, "other": {Zh: "其他材料", En: "Other"},
	},
	"sent": {
		"queued": {Zh: "待发送", En: "waits"}, "sending": {Zh: "发送中", En: "being sent"}, "sent": {Zh: "已发出", En: "sent"}, "delivered": {Zh: "已送达", En: "delivered"}, "failed": {Zh: "发送失败", En: "failed"},
	},
	"carried": {"sms": {Zh: "短信", En: "SMS"}, "email": {Zh: "邮件", En: "e-mail"}},
	"basis": {
		"law": {Zh: "依法", En: "by law"}, "entrusted": {Zh: "受委托", En: "as entrusted"}, "devolved": {Zh: "权限下放", En: "as devolved"}, "charter": {Zh: "依章程", En: "by its charter"},
	},
	"per": {"month": {Zh: "每月", En: "a month"}, "year": {Zh: "每年", En: "a year"}, "once": {Zh: "一次", En: "once"}},
	"endwhy": {
		"review": {Zh: "复核停止", En: "after a review"}, "exit": {Zh: "渐退期满", En: "gradual exit over"}, "died": {Zh: "去世", En: "died"}, "moved": {Zh: "迁出", En: "moved away"},
		"own-wish": {Zh: "本人放弃", En: "given up"}, "revoked": {Zh: "撤销", En: "revoked"}, "appeal": {Zh: "复议、诉讼", En: "after an appeal"},
	},
	"actor": {
		"resident": {Zh: "申请人", En: "applicant"}, "village-assistant": {Zh: "村级协理员", En: "village assistant"}, "township-officer": {Zh: "镇街经办", En: "township officer"},
		"window":         {Zh: "受理窗口", En: "window that took it in"},
		"county-officer": {Zh: "县级经办", En: "county officer"}, "county-supervisor": {Zh: "县级监管", En: "county supervisor"}, "community": {Zh: "村民代表", En: "community"},
		"coordination": {Zh: "县级协调机制", En: "county's mechanism"}, "decider": {Zh: "审批人", En: "decider"}, "department-officer": {Zh: "部门经办", En: "department officer"},
		"fund": {Zh: "基金、慈善组织", En: "fund or charity"}, "provider": {Zh: "服务单位", En: "provider"}, "finance": {Zh: "发放单位", En: "finance"},
	},
}

// word is a closed word of a kind as people read it; the outcomes are the engine's own.
func word(kind, code string, lang fault.Lang) string {
	if kind == "outcome" {
		for _, c := range rules.Outcomes().Codes {
			if c.ID == code {
				return c.Name.In(lang)
			}
		}
		return code
	}
	if t, ok := words[kind][code]; ok {
		return t.In(lang)
	}
	return code
}

// sentence ends what somebody wrote as a sentence ends, unless they did.
func sentence(lang fault.Lang, s string) string {
	last, _ := utf8.DecodeLastRuneInString(s)
	if s == "" || strings.ContainsRune("。！？；.!?;", last) {
		return s
	}
	return s + lang.Say("。", ".")
}
