package e2e

import "testing"

// The township's officer finds the family of Guozhai village, opens its file, and opens a masked number for a purpose; the inspector sees that.
func TestFile(t *testing.T) {
	v := signedIn(t, "demo-officer", desk)
	v.open("/people")
	v.fill(`input[name="q"]`, "国志强")
	v.press("main form button.main")
	v.shows("国志强", "371499********9531")
	v.press(`tbody a`)
	v.shows("国志强家的档案", "救助方案", "李春燕", "国雨桐")
	v.hides("371499198")
	file := v.at()
	v.click(`#members tbody tr details summary`)
	v.choose(`#members select[name="purpose"]`, "decision")
	v.press(`#members tbody tr details form button`)
	v.shows("国志强家的档案")
	if opened := v.read(".opened"); len(opened) != 18 {
		t.Errorf("what was opened is %q", opened)
	}
	v.open(file)
	if n := js[int](v, `document.querySelectorAll(".opened").length`); n != 0 {
		t.Errorf("%d values are still open on the next look", n)
	}
	inspector := signedIn(t, "demo-inspector", desk)
	inspector.open(file)
	inspector.shows("谁查看过敏感信息", "演示经办", "调查、审核")
}
