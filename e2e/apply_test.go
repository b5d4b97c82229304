package e2e

import "testing"

// A resident of the sample looks on a telephone at what the family may get, applies, signs, and follows what becomes of it; the other adult's
// signature is still asked for, and the township has it before it.
func TestAResidentApplies(t *testing.T) {
	v := signedIn(t, "demo-resident", phone)
	v.open("/my")
	v.shows("我家的救助", "申请救助", "没有正在办的申请")
	v.hides("工作台", "事项办理")
	v.press(`a[href="/my/help"]`)
	v.shows("您家可能得到的帮助", "不清楚的事，不等于不行")
	v.press(`a[href="/my/apply"]`)
	js[bool](v, `document.querySelectorAll('input[type="checkbox"][name="want"]').forEach(b => { b.checked = false }), true`)
	v.pickByText(`select[name="want"]`, "法律援助")
	v.press(`button[name="go"][value="check"]`)
	v.shows("法律援助", "授权书", "诚信承诺书", "李春燕")
	v.click(`input[name="authorise"]`)
	v.click(`input[name="pledge"]`)
	v.press(`button[name="go"][value="file"]`)
	v.shows("法律援助", "下一步由", "撤回这项申请")
	matter := v.at()
	v.open("/my")
	v.shows("正在办", "法律援助")

	officer := signedIn(t, "demo-officer", desk)
	officer.open("/cases?view=under")
	officer.shows("法律援助")
	neighbour := signedIn(t, "demo-medical", desk)
	neighbour.open(matter)
	neighbour.hides("国志强", "法律援助")
}
