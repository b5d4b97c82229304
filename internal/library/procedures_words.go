package library

import (
	"fmt"
	"slices"

	"dajiuzhu/internal/pack"
)

// words are the closed words of workflow.yaml and handling.yaml, by the key that takes them; the pack has no names for them.
var words = map[string]map[string]pack.Text{
	"by": {
		"resident":           {Zh: "申请人", En: "the applicant"},
		"village-assistant":  {Zh: "村级协理员", En: "the village assistant"},
		"window":             {Zh: "受理的窗口", En: "the window that took it in"},
		"township-officer":   {Zh: "乡镇（街道）经办人员", En: "the township's officer"},
		"county-officer":     {Zh: "县级经办人员", En: "the county's officer"},
		"county-supervisor":  {Zh: "县级监管人员", En: "the county's supervisor"},
		"community":          {Zh: "村（居）民代表", En: "the villagers' representatives"},
		"coordination":       {Zh: "县级协调机制", En: "the county's coordination mechanism"},
		"department-officer": {Zh: "主管部门经办人员", En: "the department's officer"},
		"fund":               {Zh: "基金（项目）承办方", En: "whoever runs the fund"},
		"provider":           {Zh: "服务提供单位", En: "whoever provides the service"},
		"finance":            {Zh: "发放单位", En: "whoever pays"},
	},
	"source": {
		"qr":           {Zh: "扫码群众报告", En: "somebody who scanned the code"},
		"hotline":      {Zh: "12345热线", En: "the hotline 12345"},
		"organisation": {Zh: "社会组织", En: "a social organisation"},
		"village":      {Zh: "村里", En: "the village"},
	},
	"tells": {
		"wrong":   {Zh: "不对", En: "that it was wrong"},
		"right":   {Zh: "没错，不用再办", En: "that it was right, and nothing is left to do"},
		"neither": {Zh: "说明不了对错", En: "neither"},
	},
	"gives": {
		"application":     {Zh: "申请", En: "an application"},
		"authorisation":   {Zh: "核对授权", En: "an authorisation of the check"},
		"acceptance":      {Zh: "受理", En: "acceptance"},
		"papers":          {Zh: "补齐的手续", En: "the papers"},
		"check":           {Zh: "核对结果", En: "the result of the check"},
		"survey":          {Zh: "调查记录", En: "a record of the survey"},
		"visit":           {Zh: "走访记录", En: "a record of the visit"},
		"review":          {Zh: "评议或重新调查的结果", En: "the result of the review"},
		"opinion":         {Zh: "审核意见", En: "an opinion"},
		"meeting":         {Zh: "会议记录", En: "minutes"},
		"notice":          {Zh: "公示", En: "a notice"},
		"confirmation":    {Zh: "决定", En: "the decision"},
		"letter":          {Zh: "通知书", En: "a letter"},
		"publication":     {Zh: "公布", En: "publication"},
		"payment":         {Zh: "发放", En: "payment"},
		"delivery":        {Zh: "落实", En: "delivery"},
		"acknowledgement": {Zh: "签认", En: "a signed acknowledgement"},
	},
	"only_if": {
		"papers-lacking": {Zh: "缺件时", En: "if papers lack"},
		"near-kin":       {Zh: "属于近亲属备案户时", En: "if the household is registered as near relatives of officials"},
		"over-limit":     {Zh: "超过限额时", En: "if the amount is above the limit"},
		"objection":      {Zh: "有人提出异议时", En: "if somebody objects"},
		"granted":        {Zh: "决定给予时", En: "if it is granted"},
		"refused":        {Zh: "决定不给予时", En: "if it is refused"},
		"drawn":          {Zh: "抽查抽中时", En: "if it is drawn for the sample"},
	},
	"rank": {
		"township":   {Zh: "乡镇（街道）", En: "the township or subdistrict"},
		"county":     {Zh: "县级", En: "the county"},
		"department": {Zh: "项目主管部门", En: "the department in charge"},
		"fund":       {Zh: "基金（项目）承办方", En: "whoever runs the fund"},
	},
	"basis": {
		"law":       {Zh: "依法定职权", En: "by law"},
		"entrusted": {Zh: "受委托，以委托机关的名义", En: "entrusted with it, in the name of who entrusted it"},
		"devolved":  {Zh: "权限已下放，以自己的名义", En: "the power is devolved to it, in its own name"},
		"charter":   {Zh: "依自己的章程，不是行政决定", En: "under its own charter, which is no act of an authority"},
	},
	"remedy": {
		"reconsideration": {Zh: "行政复议", En: "Administrative reconsideration"},
		"suit":            {Zh: "行政诉讼", En: "Suit"},
		"complaint":       {Zh: "投诉", En: "Complaint"},
	},
	"shows": {
		"applicant":    {Zh: "申请人姓名", En: "the applicant's name"},
		"member-count": {Zh: "人口数", En: "the number of members"},
		"village":      {Zh: "所在村（社区）", En: "the village"},
		"programme":    {Zh: "救助项目", En: "the programme"},
		"amount":       {Zh: "救助金额", En: "the amount"},
		"reason":       {Zh: "救助原因", En: "the reason"},
		"contact":      {Zh: "监督电话", En: "whom to call"},
	},
	"every": {
		"month":   {Zh: "每月", En: "every month"},
		"quarter": {Zh: "每季度", En: "every quarter"},
		"year":    {Zh: "每年", En: "every year"},
	},
	"purposes": {
		"warning": {Zh: "核实预警", En: "to look into a warning"},
		"survey":  {Zh: "入户调查", En: "a survey"},
		"sample":  {Zh: "抽查", En: "a sample"},
		"review":  {Zh: "定期核查", En: "a review"},
		"report":  {Zh: "核实反映", En: "to look into a report"},
	},
	"always": {
		"near-kin":  {Zh: "近亲属备案户", En: "households registered as near relatives of officials"},
		"red-flag":  {Zh: "有疑点的", En: "those with a red flag"},
		"complaint": {Zh: "有投诉举报的", En: "those complained of"},
	},
	"against": {
		"notice":      {Zh: "公示", En: "a notice"},
		"survey":      {Zh: "入户调查", En: "a survey"},
		"means-check": {Zh: "家庭经济状况核对", En: "a means check"},
	},
	"answers": {
		"re-survey":        {Zh: "换人重新调查", En: "a new survey by others"},
		"community-review": {Zh: "民主评议", En: "a community review"},
		"new-check":        {Zh: "重新核对", En: "a new check"},
		"correction":       {Zh: "更正数据", En: "correction of the data"},
	},
	"from": { // a step as an end of a limit
		"authorisation": {Zh: "收到授权", En: "the authorisation"},
		"acceptance":    {Zh: "受理", En: "acceptance"},
		"application":   {Zh: "申请", En: "the application"},
		"survey":        {Zh: "调查", En: "the survey"},
		"opinion":       {Zh: "提出审核意见", En: "the opinion"},
		"notice":        {Zh: "公示", En: "the notice"},
		"confirmation":  {Zh: "决定", En: "the decision"},
		"payment":       {Zh: "发放", En: "payment"},
	},
}

// word is a closed word of workflow.yaml as a reader knows it.
func (w *writer) word(key, code string) string {
	if t, has := words[key][code]; has {
		return w.in(t)
	}
	return escape(code)
}

func (w *writer) wordsOf(key string, codes []string) []string {
	var all []string
	for _, c := range codes {
		all = append(all, w.word(key, c))
	}
	return all
}

// units are the units of a period.
var units = map[string]pack.Text{
	"hours":        {Zh: "小时", En: "hour"},
	"days":         {Zh: "天", En: "day"},
	"working-days": {Zh: "个工作日", En: "working day"},
	"months":       {Zh: "个月", En: "month"},
	"years":        {Zh: "年", En: "year"},
}

// period is a length of time.
func (w *writer) period(p pack.Period) string {
	plural := "s"
	if p.Count == 1 {
		plural = ""
	}
	return w.say(fmt.Sprintf("%d%s", p.Count, units[p.Unit].Zh), fmt.Sprintf("%d %s%s", p.Count, units[p.Unit].En, plural))
}

// limit is a step's own limit, which counts from an earlier one.
func (w *writer) limit(l *pack.Limit, v *pack.ProcedureVersion) string {
	if l == nil {
		return ""
	}
	return w.say(w.moment(l.From, v)+"后"+w.period(l.Period)+"内", "within "+w.period(l.Period)+" of "+w.moment(l.From, v))
}

// usual are those who commonly take a step; of one that is somebody else's the plain word would mislead.
var usual = map[string][]string{
	"application":   {"resident"},
	"authorisation": {"resident"},
	"acceptance":    {"township-officer", "department-officer"},
}

// moment is a step as an end of a limit: by a plain word, or by its name where the word would not tell it from
// another.
func (w *writer) moment(id string, v *pack.ProcedureVersion) string {
	from := v.Step(id)
	word, plain := words["from"][from.Gives]
	if by := usual[from.Gives]; by != nil && !slices.Contains(by, from.By) {
		plain = false
	}
	for _, s := range v.Steps {
		if s != from && s.Gives == from.Gives {
			plain = false
		}
	}
	if plain {
		return w.in(word)
	}
	return w.stepName(id, v)
}

func (w *writer) stepName(id string, v *pack.ProcedureVersion) string {
	return w.say("“"+w.in(v.Step(id).Name)+"”", "“"+w.in(v.Step(id).Name)+"”")
}

// total is the limit of a whole procedure.
func (w *writer) total(v *pack.ProcedureVersion) string {
	t := v.Total
	if t == nil {
		return w.say("没有，按各环节的时限", "none; only the steps have limits")
	}
	from, to := w.moment(t.From, v), w.moment(t.To, v)
	text := w.say("从"+from+"到"+to+"，"+w.period(t.Period)+"以内", w.period(t.Period)+" from "+from+" to "+to)
	if t.AtMost > 0 {
		most := w.period(pack.Period{Count: t.AtMost, Unit: t.Unit})
		text += w.say("，情况特殊的最长"+most, ", and "+most+" at most in special circumstances")
	}
	return text
}
