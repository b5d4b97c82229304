package notification_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/sealed"
)

const settings = `
url: %s
type: json
headers: {Authorization: "Bearer ${TEST_SMS_TOKEN}"}
body: '{"mobile": "{to}", "content": "{text}", "customId": "{id}"}'
taken: {field: code, is: ["0"]}
refused: ["1010"]
reference: data.id
`

var parcel = notification.Parcel{ID: 7, Address: sealed.NewSecret(sealed.Phone, "13800001234"), Title: "标题\r\nBcc: x@example.cn", Text: "您的\"申请\"\n{id}"}

func TestGateway(t *testing.T) {
	t.Setenv("TEST_SMS_TOKEN", "geheim")
	answer, status := `{"code": 0, "data": {"id": "m-1"}}`, 200
	var asked, token string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked, token = string(body), r.Header.Get("Authorization")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	g, err := notification.ReadGateway(fmt.Appendf(nil, settings, server.URL), server.Client())
	if err != nil {
		t.Fatal(err)
	}
	reference, err := g.Send(t.Context(), parcel)
	if err != nil || reference != "m-1" || token != "Bearer geheim" || asked != `{"mobile": "13800001234", "content": "您的\"申请\"\n{id}", "customId": "7"}` {
		t.Errorf("asked %s as %q: %q, %v", asked, token, reference, err)
	}
	for _, c := range []struct {
		name, answer string
		status       int
		shows        string
	}{
		{"refused", `{"code": "1010"}`, 200, "refuses with 1010"},
		{"busy", `{"code": "9", "mobile": "13800001234"}`, 200, "answers 9"},
		{"overloaded", `{"code": 0}`, 503, "answers 503"},
		{"no JSON", `<html>`, 200, "no JSON"},
		{"no code", `{"mobile": "13800001234"}`, 200, "without"},
	} {
		answer, status = c.answer, c.status
		if _, err := g.Send(t.Context(), parcel); err == nil || !strings.Contains(err.Error(), c.shows) || strings.Contains(err.Error(), "1380") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	form, err := notification.ReadGateway([]byte("url: "+server.URL+"\ntype: form\nbody: 'to={to}&m={text}&id={id}'\ntaken: {field: ok, is: ['true']}\n"), server.Client())
	if err != nil {
		t.Fatal(err)
	}
	answer, status = `{"ok": true}`, 200
	if _, err := form.Send(t.Context(), parcel); err != nil {
		t.Error(err)
	}
	if q, err := url.ParseQuery(asked); err != nil || q.Get("m") != parcel.Text || q.Get("id") != "7" {
		t.Errorf("the form: %q", asked)
	}
}

// TestReport: of an operator that shows its token, and of nobody else, it is believed what arrived and what did not.
func TestReport(t *testing.T) {
	t.Setenv("TEST_SMS_TOKEN", "geheim")
	g, err := notification.ReadGateway(fmt.Appendf(nil, settings+"report: {token: '${TEST_SMS_TOKEN}', reference: id, field: status, arrived: [DELIVRD], reason: why}\n", "https://sms.example.cn"), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.ReadReport("Bearer geheim", []byte(`[{"id": "m-1", "status": "DELIVRD"}, {"id": 7, "status": "UNDELIV", "why": "MK:0001"}]`))
	if diff := cmp.Diff([]notification.Arrival{{Reference: "m-1", Arrived: true}, {Reference: "7", Reason: "UNDELIV MK:0001"}}, all); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if one, err := g.ReadReport("Bearer geheim", []byte(`{"id": "m-1", "status": "DELIVRD"}`)); err != nil || len(one) != 1 {
		t.Errorf("a single one: %v, %v", one, err)
	}
	for _, c := range []struct {
		name, token, text string
		kind              fault.Kind
	}{
		{"no token", "", `{"id": "m-1", "status": "DELIVRD"}`, fault.Forbidden},
		{"another token", "Bearer x", `{"id": "m-1", "status": "DELIVRD"}`, fault.Forbidden},
		{"no JSON", "Bearer geheim", `x`, fault.Invalid},
		{"no id", "Bearer geheim", `{"status": "DELIVRD"}`, fault.Invalid},
		{"a list of nothing", "Bearer geheim", `[1]`, fault.Invalid},
	} {
		if _, err := g.ReadReport(c.token, []byte(c.text)); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestGatewaySettings(t *testing.T) {
	for name, text := range map[string]string{
		"no url":        "type: json\nbody: '{to}{text}'\ntaken: {field: a, is: [b]}",
		"no place":      "url: https://x.example.cn\ntype: json\nbody: '{text}'\ntaken: {field: a, is: [b]}",
		"no type":       "url: https://x.example.cn\nbody: '{to}{text}'\ntaken: {field: a, is: [b]}",
		"taken by none": "url: https://x.example.cn\ntype: json\nbody: '{to}{text}'",
		"a wrong key":   "url: https://x.example.cn\ntype: json\nbdy: x",
		"no variable":   "url: https://x.example.cn\ntype: json\nbody: '{to}{text}${TEST_NOT_SET}'\ntaken: {field: a, is: [b]}",
	} {
		if _, err := notification.ReadGateway([]byte(text), http.DefaultClient); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mailServer takes one mail, and says what it was; refuse answers that to the recipient.
func mailServer(t *testing.T, refuse string) (address string, got <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	mails := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		fmt.Fprint(conn, "220 test\r\n")
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch {
			case strings.HasPrefix(line, "EHLO"):
				fmt.Fprint(conn, "250 test\r\n")
			case strings.HasPrefix(line, "RCPT") && refuse != "":
				fmt.Fprint(conn, refuse+"\r\n")
			case strings.HasPrefix(line, "DATA"):
				fmt.Fprint(conn, "354 go on\r\n")
				var b strings.Builder
				for line != ".\r\n" {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					b.WriteString(line)
				}
				mails <- b.String()
				fmt.Fprint(conn, "250 taken\r\n")
			case strings.HasPrefix(line, "QUIT"):
				fmt.Fprint(conn, "221 bye\r\n")
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return l.Addr().String(), mails
}

func TestMail(t *testing.T) {
	to := parcel
	to.Address = sealed.NewSecret(sealed.Other, "wang@example.cn")
	m := notification.Mail{From: "jiuzhu@example.cn", Insecure: true, Clock: func() time.Time { return noon }}
	var got <-chan string
	m.Server, got = mailServer(t, "")
	if _, err := m.Send(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	letter, err := mail.ReadMessage(strings.NewReader(strings.TrimSuffix(<-got, ".\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil || subject != to.Title || letter.Header.Get("Bcc") != "" {
		t.Errorf("the subject %q, Bcc %q, %v", subject, letter.Header.Get("Bcc"), err)
	}
	body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, letter.Body))
	if err != nil || string(body) != to.Text {
		t.Errorf("the text %q, %v", body, err)
	}
	m.Server, _ = mailServer(t, "550 no such mailbox")
	if _, err := m.Send(t.Context(), to); !isRefused(err) {
		t.Errorf("no mailbox: %v", err)
	}
	m.Server, _ = mailServer(t, "450 later")
	if _, err := m.Send(t.Context(), to); err == nil || isRefused(err) {
		t.Errorf("later: %v", err)
	}
	m.Insecure = false
	m.Server, _ = mailServer(t, "")
	if _, err := m.Send(t.Context(), to); err == nil {
		t.Error("sent in the open")
	}
}

func isRefused(err error) bool {
	return err != nil && fmt.Sprintf("%T", err) == "*notification.refused"
}
