package e2e

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// numberOf is the identity number of somebody of the sample county, from the register as it was delivered.
func (p *platform) numberOf(t testing.TB, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.path("county"), "population", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the county has no register: %v", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		id, called := column(rows[0], "id_no", "身份证号", "公民身份号码"), column(rows[0], "name", "姓名")
		for _, row := range rows[1:] {
			if id >= 0 && called >= 0 && row[called] == name {
				return row[id]
			}
		}
	}
	t.Fatalf("nobody in the county is called %s", name)
	return ""
}

func column(heads []string, names ...string) int {
	for i, head := range heads {
		for _, name := range names {
			if strings.TrimPrefix(head, "\ufeff") == name {
				return i
			}
		}
	}
	return -1
}

// drop puts a file into the folder that the program watches, as a department does.
func (p *platform) drop(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.path("watched"), name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reload opens a page again until it shows something.
func (v *person) reload(path, text string) {
	v.Helper()
	for late := time.Now().Add(2 * time.Minute); ; time.Sleep(300 * time.Millisecond) {
		v.open(path)
		if strings.Contains(v.text(), text) {
			return
		}
		if time.Now().After(late) {
			v.Fatalf("%s at %s does not come to show %q:\n%s", v.login, path, text, v.text())
		}
	}
}

// pickByText chooses the option of a list that has some words.
func (v *person) pickByText(selector, words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(e => { const o = [...e.options].find(o => o.text.includes(%q)); if (o) e.value = o.value; return !!o })(document.querySelector(%q))`, words, selector)) {
		v.Fatalf("%s at %s: %s has no option %q\n%s", v.login, v.at(), selector, words, v.text())
	}
}

// tick marks the box whose label begins with some words.
func (v *person) tick(words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(b => { if (b && !b.checked) b.click(); return !!b && b.checked })([...document.querySelectorAll('input[type="checkbox"][name="want"]')].find(b => b.closest("label").innerText.trim().startsWith(%q)))`,
		words)) {
		v.Fatalf("%s at %s: there is no box %q\n%s", v.login, v.at(), words, v.text())
	}
}

// follow presses the first link that leads to a kind of page and stands beside some words.
func (v *person) follow(path, words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(a => { if (a) a.id = "followed"; return !!a })([...document.querySelectorAll('main a[href^="%s"]')].find(a => (a.closest("tr, li, article, .card") || a).innerText.includes(%q)))`,
		path, words)) {
		v.Fatalf("%s at %s: no link to %s stands beside %q\n%s", v.login, v.at(), path, words, v.text())
	}
	v.press("#followed")
}

// The story that must always work: a child's settlements arrive, the platform warns, the township sends the village assistant, who finds the visit
// on her phone and files for the family, and the township has the case before it.
func TestStory(t *testing.T) {
	p := served(t)
	day := time.Now().AddDate(0, 0, -3).Format(time.DateOnly)
	p.drop(t, "medical-settlement-late.csv", "settlement_no,id_no,kind,settled_on,diagnosis,total,own_in_policy,own_total,status\n"+
		fmt.Sprintf("E2E-1,%s,inpatient,%s,leukaemia,260000.00,98000.00,130000.00,valid\n", p.numberOf(t, "国雨泽"), day))

	assistant := signedIn(t, "demo-assistant", phone)
	officer := signedIn(t, "demo-officer", desk)
	officer.reload("/warnings", "国*泽")
	officer.follow("/warnings/", "国*泽")
	officer.shows("国*泽", "安排走访")
	officer.pickByText(`select[name="to"]`, "演示协理员")
	officer.press(`button[name="act"][value="visit"]`)
	officer.shows("走访中")

	assistant.reload("/visits", "核实预警")
	assistant.open("/people?q=国雨泽")
	assistant.press("tbody a")
	file := assistant.at()
	assistant.shows("国志强家的档案", "国雨泽", "预警")
	assistant.press(`a[href^="/cases/new"]`)
	assistant.shows("医疗救助", "国雨泽")
	assistant.tick("支出型临时救助")
	assistant.fill("#f-proxy", "村委会档案柜 2026-11")
	assistant.press(`button[name="go"][value="check"]`)
	assistant.shows("申请项目", "提交申报")
	assistant.press(`button[name="go"][value="file"]`)
	assistant.open(file)
	assistant.shows("申请事项", "办理中")

	officer.open("/cases")
	officer.shows("小天使基金", "支出型临时救助", "国寨村")
}
