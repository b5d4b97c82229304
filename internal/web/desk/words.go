package desk

import (
	"strings"

	"dajiuzhu/internal/telling"
)

// actKinds are what the acts are that are done most; the others are named by the first word of their kind.
var actKinds = map[string][2]string{
	"account.sign-in": {"登录", "signed in"}, "account.sign-out": {"退出", "signed out"}, "account.sign-out-everywhere": {"在所有地方退出", "signed out everywhere"},
	"account.refuse": {"登录被拒", "refused at sign-in"}, "account.password": {"更换密码", "changed the password"}, "account.totp-on": {"绑定验证器", "set up an authenticator"},
	"account.totp-off": {"停用验证器", "turned the authenticator off"}, "account.passkey-on": {"添加通行密钥", "added a passkey"}, "account.passkey-off": {"移除通行密钥", "removed a passkey"},
	"account.create": {"新建账号", "made an account"}, "account.post": {"派给岗位", "gave a posting"}, "account.end-posting": {"结束岗位", "ended a posting"},
	"account.disable": {"停用账号", "shut an account out"}, "account.enable": {"恢复账号", "let an account in again"}, "account.reset-password": {"重发初始密码", "gave another first password"},
	"account.reset-second": {"重置第二步验证", "reset a second factor"}, "resident.tie": {"开通居民账号", "opened a resident's account"}, "resident.untie": {"停用居民账号", "ended a resident's account"},
	"relative.declare": {"申报近亲属", "declared a near relative"}, "relative.end": {"结束近亲属申报", "ended a near relative"},
	"people.search": {"查找人员", "searched people"}, "person.open": {"打开档案", "opened a file"}, "field.open": {"查看敏感信息", "opened a sensitive value"}, "person.add": {"登记新人", "registered a person"},
	"person.merge": {"合并人员", "merged persons"}, "person.split": {"拆分人员", "split persons"}, "person.set-apart": {"标明不是同一人", "told persons apart"},
	"statement.make": {"登记情况", "wrote down a statement"}, "statement.withdraw": {"撤回情况", "withdrew a statement"}, "window.call": {"窗口查询", "looked up at a window"},
	"means.draft": {"拟定核对", "drafted a check"}, "means.request": {"发起核对", "asked for a check"}, "means.report": {"登记核对报告", "entered a report"}, "means.authorise": {"登记授权", "entered an authorisation"},
	"means.revoke": {"撤销授权", "revoked an authorisation"}, "means.object": {"对核对有异议", "objected to a check"}, "means.uphold": {"维持核对", "upheld a check"}, "means.cancel": {"取消核对", "cancelled a check"},
	"means.supersede": {"复核取代", "checked anew"}, "means.expire": {"核对到期", "a check expired"},
	"batch.note": {"收到批次", "a batch came"}, "batch.promote": {"启用批次", "promoted a batch"}, "batch.discard": {"放弃批次", "gave a batch up"}, "batch.undo": {"撤销批次", "undid a batch"},
	"batch.resubmit": {"重新提交行", "sent rows again"}, "batch.prune": {"清理旧批次", "cleared old batches"}, "quarantine.open": {"打开退回的行", "opened a rejected row"},
	"quarantine.download": {"下载退回的行", "downloaded rejected rows"}, "upload.receive": {"上传数据", "sent data"}, "token.make": {"生成接口口令", "made a token"}, "token.revoke": {"停用接口口令", "revoked a token"},
	"warning.claim": {"认领预警", "claimed a warning"}, "warning.release": {"放回预警", "released a warning"}, "warning.assign": {"指派预警", "assigned a warning"}, "warning.visit": {"派人核实", "sent a visit"},
	"warning.verify": {"核实预警", "verified a warning"}, "warning.confirm": {"确认困难", "confirmed a hardship"}, "warning.dismiss": {"不予处理", "answered a warning with a no"},
	"warning.propose": {"提出不予处理", "proposed a no"}, "warning.help": {"记下已帮扶", "noted that help came"}, "warning.reopen": {"重新打开预警", "opened a warning again"},
	"warning.match": {"对上人家", "matched a report"}, "warning.escalate": {"超期上报", "passed up what is overdue"}, "warning.wake": {"静默期满", "quiet warnings woke"}, "report.receive": {"收到反映", "took a report"},
	"visit.plan": {"安排走访", "planned a visit"}, "visit.reassign": {"改派走访", "sent others"}, "visit.cancel": {"取消走访", "called a visit off"}, "visit.sync": {"上传走访", "a visit came in"},
	"visit.aside": {"走访待定", "a visit was set aside"}, "visit.done": {"结束走访", "ended a visit"}, "visit.decide": {"裁定说法", "decided between answers"}, "visit.settle": {"采用走访", "settled a visit"},
	"visit.device": {"登记走访设备", "registered a device"}, "visit.file": {"上传照片签字", "brought a photograph or signature"}, "visit.look": {"查看走访照片", "looked at a visit's photograph"},
	"casework.file": {"申报", "filed"}, "casework.look": {"打开事项", "opened a case"}, "casework.answer": {"答复", "answered"}, "casework.object": {"提出异议", "objected"}, "casework.paper": {"登记材料", "added a paper"},
	"casework.paper-look": {"查看材料", "looked at a paper"}, "casework.photograph": {"登记公示照片", "added a posting's photograph"}, "casework.overdue": {"超期", "a case fell overdue"},
	"casework.archive": {"归档", "archived"}, "casework.not-wished": {"不愿申请", "does not wish to apply"},
	"award.end": {"停止救助", "ended help"}, "appeal.file": {"提出复议、诉讼或投诉", "appealed"}, "appeal.result": {"登记复议结果", "entered an appeal's result"}, "review.open": {"开始核查", "began a review"},
	"review.done": {"完成核查", "finished a review"}, "meeting.convene": {"召集会议", "convened a conference"}, "meeting.hold": {"登记会议", "entered a conference"},
	"supervision.ask": {"县级询问", "the county asked"}, "supervision.answer": {"答复县级", "answered the county"}, "supervision.close": {"县级了结", "the county closed"},
	"notification.tell": {"发出通知", "told somebody"}, "notification.prefer": {"选择怎样告知", "chose how to be told"}, "notification.resend": {"重发短信邮件", "sent a message again"},
	"list.export": {"要求导出", "asked for a file"}, "list.export-ready": {"导出完成", "a file was made"}, "list.export-open": {"下载导出", "downloaded a file"}, "list.export-drop": {"删除导出", "dropped a file"},
	"view.keep": {"保存视图", "kept a view"}, "view.drop": {"删除视图", "dropped a view"}, "job.retry": {"重做后台任务", "retried a job"}, "job.drop": {"放弃后台任务", "dropped a job"},
	"notice.keep": {"更新平台提醒", "kept notices"}, "key.renew": {"换用新密钥", "renewed a key"}, "key.retire": {"停用密钥", "retired a key"}, "key.use": {"启用密钥", "took a key into use"},
}

// actNames are of what acts are, by the first word of their kind.
var actNames = map[string][2]string{
	"account": {"账号", "accounts"}, "session": {"登录", "sessions"}, "resident": {"居民账号", "residents' accounts"}, "opening": {"查看敏感信息", "openings"},
	"person": {"人员", "people"}, "people": {"查找人员", "searches"}, "household": {"家庭", "households"}, "fact": {"信息", "facts"}, "statement": {"情况登记", "statements"},
	"means": {"核对", "checks of means"}, "batch": {"数据批次", "batches"}, "feed": {"数据", "feeds"}, "upload": {"上传", "uploads"}, "row": {"数据行", "rows"},
	"warning": {"预警", "warnings"}, "report": {"反映困难", "reports"}, "visit": {"走访", "visits"}, "filing": {"申报", "filings"}, "item": {"事项", "items"}, "casework": {"办理事项", "steps of cases"},
	"review": {"定期核查", "reviews"}, "award": {"救助", "help"}, "appeal": {"复议诉讼", "appeals"}, "objection": {"异议", "objections"}, "meeting": {"一事一议", "conferences"},
	"supervision": {"县级监管", "supervision"}, "paper": {"材料", "papers"}, "archive": {"归档", "archives"}, "notification": {"通知", "notifications"}, "field": {"敏感信息", "sensitive values"},
	"notice": {"平台提醒", "notices"}, "job": {"后台任务", "jobs"}, "key": {"密钥", "keys"}, "screening": {"全量评估", "screening"}, "list": {"导出", "files taken out"}, "view": {"视图", "views"},
	"token": {"接口口令", "tokens"}, "relative": {"近亲属申报", "relatives"}, "policy": {"政策", "policy"}, "file": {"档案", "files"}, "quarantine": {"退回的行", "rejected rows"}, "window": {"窗口", "windows"},
}

// actName is what acts of a kind are; of one that has no name of its own what they are of, and of one without either the kind itself.
func (d *on) actName(kind string) string {
	if name, ok := actKinds[kind]; ok {
		return d.Say(name[0], name[1])
	}
	first, _, _ := strings.Cut(kind, ".")
	if name, ok := actNames[first]; ok {
		return d.Say(name[0], name[1])
	}
	return kind
}

// subjects are what acts are about, by the first word of their subject.
var subjects = map[string][2]string{
	"account": {"账号", "account"}, "person": {"人员", "person"}, "household": {"家庭", "household"}, "item": {"事项", "case"}, "filing": {"申报", "filing"}, "visit": {"走访", "visit"}, "device": {"设备", "device"},
	"warning-round": {"预警处理", "warning's round"}, "warning": {"预警", "warning"}, "report": {"反映", "report"}, "batch": {"批次", "batch"}, "upload": {"上传", "upload"}, "means-check": {"核对", "check"},
	"check": {"核对", "check"}, "meeting": {"会议", "conference"}, "supervision": {"监管事项", "supervision"}, "appeal": {"复议诉讼", "appeal"}, "posting": {"公示", "posting"}, "sending": {"短信邮件", "message"},
	"export": {"导出", "file"}, "job": {"任务", "job"}, "key": {"密钥", "key"}, "area": {"地区", "area"}, "day": {"日期", "day"}, "notice": {"提醒", "notice"}, "feed": {"数据来源", "feed"},
	"people": {"人员", "people"}, "conflicts": {"走访待裁定", "visits to decide"}, "notification": {"通知", "notifications"}, "review": {"核查", "review"},
}

// about is what an act is about in words, and where that is, "" where there is no page of it.
func (d *on) about(subject string) (words, to string) {
	kind, id, _ := strings.Cut(subject, ":")
	name, ok := subjects[kind]
	if !ok {
		return subject, ""
	}
	if kind == "device" && len(id) > 8 {
		id = id[:8] // enough to tell devices apart
	}
	return strings.TrimSpace(d.Say(name[0]+id, name[1]+" "+id)), telling.Link(subject)
}

// fieldName is what a sensitive value is called.
func (p *Pages) fieldName(d *on, field string) string {
	switch field {
	case "person.number":
		return d.Say("身份证号", "identity number")
	case "person.phone":
		return d.Say("手机号", "phone")
	}
	if f := p.Pack.Fact(field); f != nil {
		return f.Label.In(d.Lang)
	}
	return field
}
