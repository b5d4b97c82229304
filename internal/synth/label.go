package synth

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"dajiuzhu/internal/calendar"
)

// Kinds of labels. They tell what is so in truth, by the facts that the generator used, and no department knows them.
const (
	labelNeed          = "need"          // a programme is truly needed
	labelMissed        = "missed-need"   // and neither held nor applied for
	labelWrong         = "wrong-receipt" // a programme is held without need
	labelContradiction = "contradiction" // a poor family has what poor families do not have
	labelShock         = "shock"         // something befell the household or the person
)

var labelKinds = []string{labelNeed, labelMissed, labelWrong, labelContradiction, labelShock}

// label is a line of labels.csv.
type label struct {
	household, person                 string
	label, programme, mechanism, note string
	severity                          int // latent hardship, 0 to 100
	since                             calendar.Date
}

// label tells what is so in truth of a household whose people have their numbers.
func (m *maker) label(h *household) {
	severity := m.severity(h)
	for _, p := range h.living() {
		m.labelNeed(h, p, severity)
		m.labelChild(p, severity)
		m.labelMeans(h, p, severity)
		m.labelShocks(h, p, severity)
	}
	for _, p := range h.persons {
		m.labelGone(h, p, severity)
	}
}

func (m *maker) tell(p *person, l label) {
	l.household, l.person = p.household.booklet, p.id
	m.labels = append(m.labels, l)
}

// severity is a household's latent hardship: how far its income in truth falls short of twice the line, what illness takes of a
// year's income, and who cannot work.
func (m *maker) severity(h *household) int {
	if h.collective() || h.income == 0 {
		return 0
	}
	living := h.living()
	n, cost, severe := float64(len(living)), 0.0, 0.0
	for _, p := range living {
		cost += float64(m.ownCost(p)) / 100
		if p.severe() || p.illness != "" {
			severe = 10
		}
	}
	short := math.Max(1-h.income/(2*m.cal.Income.Line.Value.of(h.place)), 0)
	return int(math.Min(math.Round(60*short+30*math.Min(cost/(h.income*n), 1)+severe), 100))
}

// cause is what made a family's need.
func (h *household) cause() string {
	switch {
	case h.need == "rigid":
		return "illness"
	case h.need == "tekun":
		return "no-supporter"
	}
	for _, p := range h.living() {
		if p.severe() {
			return "disability"
		}
	}
	for _, p := range h.living() {
		if p.illness != "" {
			return "illness"
		}
	}
	return "low-income"
}

func (m *maker) labelNeed(h *household, p *person, severity int) {
	if h.need == "" {
		return
	}
	l := label{label: labelNeed, programme: h.need, mechanism: h.cause(), severity: severity, since: h.since}
	m.tell(p, l)
	if h.answered() {
		return
	}
	l.label = labelMissed
	m.tell(p, l)
}

// answered reports a household that holds something for its hardship, is recognised, or has asked.
func (h *household) answered() bool {
	for _, p := range h.persons {
		if p.present() && (p.holds("dibao", "dibao-alone", "tekun") || p.recognised != nil || p.refused != nil) {
			return true
		}
	}
	return false
}

// labelChild tells of children whom nobody supports.
func (m *maker) labelChild(p *person, severity int) {
	if p.forlorn == "" {
		return
	}
	programme := "orphan-basic"
	if p.forlorn == "key" {
		programme = "key-child"
	}
	l := label{label: labelNeed, programme: programme, mechanism: p.forlorn, severity: max(severity, 60),
		since: max(m.ago(p.die.between("forlorn-since", 60, 1500)), p.birth)}
	m.tell(p, l)
	if p.orphan == "" && !p.holds(programme) {
		l.label = labelMissed
		m.tell(p, l)
	}
}

// labelMeans tells of help without need, and of means that do not fit.
func (m *maker) labelMeans(h *household, p *person, severity int) {
	if h.wrongly != "" && p.holds("dibao") {
		m.tell(p, label{label: labelWrong, programme: "dibao", mechanism: h.wrongly, severity: severity, since: p.heldSince("dibao"), note: h.wrongly})
	}
	if !h.poor || p != h.persons[0] {
		return
	}
	switch {
	case h.car:
		m.tell(p, label{label: labelContradiction, mechanism: "vehicle", severity: severity, since: m.carSince(h), note: "a poor family with a car"})
	case h.propertied():
		m.tell(p, label{label: labelContradiction, mechanism: "property", severity: severity, since: h.homeSince(), note: "a poor family with a second home or a business"})
	}
}

func (m *maker) labelShocks(h *household, p *person, severity int) {
	shock := func(mechanism string, since calendar.Date) {
		m.tell(p, label{label: labelShock, mechanism: mechanism, severity: severity, since: since})
	}
	if p == h.persons[0] && h.disaster != nil {
		shock(h.disaster.kind, h.disaster.on)
	}
	if on := m.accident(p); on != 0 {
		shock("accident", on)
	}
	if p.illness != "" && p.illness != "severe_mental" {
		shock("illness", m.fellIll(p))
	}
	if p.work.status == "unemployed" {
		shock("job-loss", p.work.lost)
	}
}

// labelGone tells of benefits of those who died or moved away.
func (m *maker) labelGone(h *household, p *person, severity int) {
	if p.present() {
		return
	}
	note, since := "died", p.died
	if p.moved != 0 {
		note, since = "moved", p.moved
	}
	for _, b := range p.benefits {
		if b.to == 0 {
			m.tell(p, label{label: labelWrong, programme: b.programme, mechanism: note, severity: severity, since: since, note: note})
		}
	}
}

func (p *person) heldSince(programme string) calendar.Date {
	for _, b := range p.benefits {
		if b.programme == programme {
			return b.from
		}
	}
	return 0
}

func (m *maker) carSince(h *household) calendar.Date {
	for _, p := range h.living() {
		for _, v := range p.vehicles {
			return v.on
		}
	}
	return 0
}

func (h *household) homeSince() calendar.Date {
	since := calendar.Date(0)
	for _, p := range h.living() {
		for _, x := range p.homes {
			since = max(since, x.on)
		}
		for _, b := range p.businesses {
			since = max(since, b.on)
		}
	}
	return since
}

// labelFile is the labels and the places of a county, in a folder apart from its deliveries.
type labelFile struct {
	labels, places *csvFile
}

type csvFile struct {
	file *os.File
	out  *bufio.Writer
	w    *csv.Writer
}

var (
	labelHeader = []string{"county", "household", "person", "label", "programme", "mechanism", "severity", "since", "note"}
	placeHeader = []string{"village", "urban", "people", "households", "collective_people", "collective_households"}
)

func openLabels(dir string) (*labelFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of labels: %w", err)
	}
	labels, err := openCSV(filepath.Join(dir, "labels.csv"), labelHeader)
	if err != nil {
		return nil, err
	}
	places, err := openCSV(filepath.Join(dir, "places.csv"), placeHeader)
	if err != nil {
		labels.abandon()
		return nil, err
	}
	return &labelFile{labels, places}, nil
}

func openCSV(path string, header []string) (*csvFile, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("writing labels: %w", err)
	}
	c := &csvFile{file: file, out: bufio.NewWriter(file)}
	c.w = csv.NewWriter(c.out)
	return c, c.w.Write(header)
}

func (c *csvFile) close() error {
	c.w.Flush()
	err := errors.Join(c.w.Error(), c.out.Flush(), c.file.Close())
	c.file = nil
	if err != nil {
		return fmt.Errorf("writing labels: %w", err)
	}
	return nil
}

func (c *csvFile) abandon() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
}

// write adds the place in hand.
func (f *labelFile) write(m *maker) error {
	county := m.plan.code.String()
	for _, l := range m.labels {
		if err := f.labels.w.Write([]string{county, l.household, l.person, l.label, l.programme, l.mechanism, strconv.Itoa(l.severity), dayIf(l.since), l.note}); err != nil {
			return fmt.Errorf("writing labels: %w", err)
		}
	}
	people, households, dwellers, quarters := 0, 0, 0, 0
	for _, h := range m.all {
		if h.collective() {
			quarters++
			dwellers += len(h.living())
			continue
		}
		households++
		people += len(h.living())
	}
	v := m.here
	return f.places.w.Write([]string{v.code.String(), flag(v.urban), strconv.Itoa(people), strconv.Itoa(households),
		strconv.Itoa(dwellers), strconv.Itoa(quarters)})
}

func (f *labelFile) close() error { return errors.Join(f.labels.close(), f.places.close()) }

func (f *labelFile) abandon() {
	f.labels.abandon()
	f.places.abandon()
}
