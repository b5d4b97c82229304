package notification

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

// Gateway sends SMS through an operator's HTTP interface. How that wants to be asked and what it answers is data.
//
//	url: https://sms.example.cn/v2/send
//	type: json                      # or form
//	headers: {Authorization: "Bearer ${SMS_TOKEN}"}
//	body: '{"mobile": "{to}", "content": "{text}", "customId": "{id}"}'
//	taken: {field: code, is: ["0"]}
//	refused: ["1010", "1021"]       # answers after which trying again is of no use
//	reference: data.msgId
//	report: {token: "${SMS_REPORT_TOKEN}", reference: msgId, field: status, arrived: [DELIVRD], reason: errorCode}
//
// {to}, {text} and {id} are filled in, escaped as the type asks; ${NAME} is a variable of the program's environment, where secrets belong.
type Gateway struct {
	URL     string            `yaml:"url"`
	Type    string            `yaml:"type"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	Taken   struct {
		Field string   `yaml:"field"` // of the answer's JSON, with points between its parts
		Is    []string `yaml:"is"`
	} `yaml:"taken"`
	Refused   []string `yaml:"refused"`
	Reference string   `yaml:"reference"`
	Report    struct { // what the operator tells later of what arrived: one object, or a list of them
		Token     string   `yaml:"token"` // by which it is known, in the header Authorization: Bearer
		Reference string   `yaml:"reference"`
		Field     string   `yaml:"field"`
		Arrived   []string `yaml:"arrived"` // the field's values that say so
		Reason    string   `yaml:"reason"`
	} `yaml:"report"`

	client *http.Client
}

var (
	badGateway = fault.Text{Key: "notification.bad-gateway", Zh: "短信接口的配置有误：{what}", En: "the SMS gateway's settings are wrong: {what}"}
	noVariable = fault.Text{Key: "notification.no-variable",
		Zh: "短信接口的配置用到环境变量{name}，但没有设置", En: "the SMS gateway's settings use the variable {name}, which is not set"}
)

var (
	strangeReport = fault.Text{Key: "notification.strange-report", Zh: "回执的口令不对", En: "the report does not show the token"}
	badReport     = fault.Text{Key: "notification.bad-report", Zh: "回执读不了：不是约定的内容", En: "the report cannot be read: it is not what was agreed"}
)

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// ReadGateway reads a gateway's settings.
func ReadGateway(text []byte, client *http.Client) (*Gateway, error) {
	g := &Gateway{client: client}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(g); err != nil {
		return nil, fault.New(fault.Invalid, badGateway, fault.Args{"what": err.Error()})
	}
	if u, err := url.Parse(g.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fault.New(fault.Invalid, badGateway, fault.Args{"what": "url"})
	}
	if g.Type != "json" && g.Type != "form" {
		return nil, fault.New(fault.Invalid, badGateway, fault.Args{"what": "type: json, form"})
	}
	if !strings.Contains(g.Body, "{to}") || !strings.Contains(g.Body, "{text}") {
		return nil, fault.New(fault.Invalid, badGateway, fault.Args{"what": "body: {to}, {text}"})
	}
	if g.Taken.Field == "" || len(g.Taken.Is) == 0 {
		return nil, fault.New(fault.Invalid, badGateway, fault.Args{"what": "taken: {field, is}"})
	}
	var err error
	if g.Body, err = expandVariables(g.Body); err != nil {
		return nil, err
	}
	if g.Report.Token, err = expandVariables(g.Report.Token); err != nil {
		return nil, err
	}
	for name, value := range g.Headers {
		if g.Headers[name], err = expandVariables(value); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func expandVariables(s string) (string, error) {
	var lacking string
	out := variable.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		value, ok := os.LookupEnv(name)
		if !ok {
			lacking = name
		}
		return value
	})
	if lacking != "" {
		return "", fault.New(fault.Invalid, noVariable, fault.Args{"name": lacking})
	}
	return out, nil
}

// largestAnswer bounds what a gateway may answer.
const largestAnswer = 64 << 10

// Send hands an SMS to the gateway.
func (g *Gateway) Send(ctx context.Context, p Parcel) (string, error) {
	body := strings.NewReplacer("{to}", g.escape(p.Address.Plain()), "{text}", g.escape(p.Text), "{id}", strconv.FormatInt(p.ID, 10)).Replace(g.Body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("asking the SMS gateway: %w", err)
	}
	r.Header.Set("Content-Type", map[string]string{"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded; charset=utf-8"}[g.Type])
	for name, value := range g.Headers {
		r.Header.Set(name, value)
	}
	response, err := g.client.Do(r)
	if err != nil {
		return "", fmt.Errorf("asking the SMS gateway: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	if err != nil {
		return "", fmt.Errorf("reading the SMS gateway's answer: %w", err)
	}
	return g.read(response.StatusCode, text)
}

// escape writes a value so that it cannot end the place that it fills.
func (g *Gateway) escape(s string) string {
	if g.Type == "form" {
		return url.QueryEscape(s)
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return "" // no text fails
	}
	return string(quoted[1 : len(quoted)-1])
}

// read tells from the gateway's answer what became of an SMS. The answer itself is kept in no receipt: it may repeat the number.
func (g *Gateway) read(status int, text []byte) (string, error) {
	if status == http.StatusTooManyRequests || status >= 500 {
		return "", fmt.Errorf("the SMS gateway answers %d", status)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var answer any
	if err := d.Decode(&answer); err != nil {
		return "", fmt.Errorf("the SMS gateway answers %d and no JSON", status)
	}
	code, ok := at(answer, g.Taken.Field)
	switch {
	case !ok:
		return "", fmt.Errorf("the SMS gateway answers %d without %q", status, g.Taken.Field)
	case slices.Contains(g.Taken.Is, code):
		reference, _ := at(answer, g.Reference)
		return reference, nil
	case slices.Contains(g.Refused, code):
		return "", Refused(errors.New("the SMS gateway refuses with " + clipped(code)))
	}
	return "", errors.New("the SMS gateway answers " + clipped(code))
}

// Arrival is what an operator tells later of an SMS.
type Arrival struct {
	Reference string
	Arrived   bool
	Reason    string
}

// ReadReport reads what the operator tells later, if it knows the token; nothing is believed of anybody else.
func (g *Gateway) ReadReport(authorization string, text []byte) ([]Arrival, error) {
	if g.Report.Token == "" || subtle.ConstantTimeCompare([]byte(authorization), []byte("Bearer "+g.Report.Token)) != 1 {
		return nil, fault.New(fault.Forbidden, strangeReport, nil)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var answer any
	if err := d.Decode(&answer); err != nil {
		return nil, fault.New(fault.Invalid, badReport, nil).Because(err)
	}
	list, ok := answer.([]any)
	if !ok {
		list = []any{answer}
	}
	var all []Arrival
	for _, one := range list {
		reference, known := at(one, g.Report.Reference)
		state, told := at(one, g.Report.Field)
		if !known || !told {
			return nil, fault.New(fault.Invalid, badReport, nil)
		}
		a := Arrival{Reference: reference, Arrived: slices.Contains(g.Report.Arrived, state)}
		if !a.Arrived {
			a.Reason = clipped(state)
			if why, ok := at(one, g.Report.Reason); ok {
				a.Reason += " " + clipped(why)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// clipped is a code as a receipt shows it.
func clipped(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40])
	}
	return s
}

// at is a value within an answer, as text.
func at(answer any, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	for _, part := range strings.Split(path, ".") {
		object, ok := answer.(map[string]any)
		if !ok {
			return "", false
		}
		if answer, ok = object[part]; !ok {
			return "", false
		}
	}
	switch v := answer.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
