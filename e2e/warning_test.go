package e2e

import (
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// Somebody reports the Guozhai family by the code of their village, on a phone and signed in as nobody; the assistant finds it in the inbox beside
// what the platform found by itself, answers one warning with a tap, and the township confirms.
func TestWarnings(t *testing.T) {
	passer := visitor(t, phone)
	passer.open("/report?at=371424100281")
	passer.do(chromedp.SendKeys(chromedp.CSS(`textarea[name="what"]`), "孩子得了白血病，家里借了很多钱"))
	passer.fill(`input[name="name"]`, "国志强")
	passer.press("main form button.main")
	passer.shows("收到了", "请记下")
	passer.hides("国志强", "白血病")
	receipt := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(passer.text())

	assistant := signedIn(t, "demo-assistant", phone)
	assistant.open("/warnings?view=open&rule=people-report")
	assistant.shows("网格员、扫码群众报告", "国*强", "1份报告")
	js[bool](assistant, `!([...document.querySelectorAll("tbody tr")].find(r => r.innerText.includes("国*强")).querySelector("th a").id = "reported")`)
	assistant.press("#reported")
	assistant.shows("孩子得了白血病", "为什么提醒", "多数理由要镇街确认")
	round := assistant.at()
	assistant.press(`.top button[value="claim"]`)
	assistant.shows("已认领")
	assistant.press(`button[value="not-in-need"]`)
	assistant.shows("待镇街确认", "建议不予处理")

	officer := signedIn(t, "demo-officer", desk)
	officer.open("/warnings?view=verified")
	officer.shows("国*强", "建议不予处理")
	officer.open(round)
	officer.press(`button[value="confirm"]`) // the township knows better
	officer.shows("已确认", "去申报")

	passer.open("/report/receipt?number=" + receipt)
	passer.shows("正在办理")
	passer.hides("演示", "国")
}
