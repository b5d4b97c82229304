package evaluation

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
)

// Kind is what a label tells of its person.
type Kind string

// The kinds of labels.
const (
	Need          Kind = "need"          // a programme is needed
	MissedNeed    Kind = "missed-need"   // and neither held nor applied for
	WrongReceipt  Kind = "wrong-receipt" // a programme is held without need
	Contradiction Kind = "contradiction" // the family has what families in need do not have
	Shock         Kind = "shock"         // something befell the household or the person
)

// Kinds are all of them, in the order of reports.
var Kinds = []Kind{Need, MissedNeed, WrongReceipt, Contradiction, Shock}

// Label is what is so in truth of a person or a household.
type Label struct {
	County    area.Code
	Household string      // number of the booklet
	Person    idno.Number // zero: the household as a whole
	Kind      Kind
	Programme string // that is needed or held; empty where the kind has none
	Cause     string
	Severity  int           // of the household's hardship, 0 to 100
	Since     calendar.Date // 0 if it is not known
	Note      string
}

var header = []string{"county", "household", "person", "label", "programme", "mechanism", "severity", "since", "note"}

var (
	notLabels = fault.Text{Key: "evaluation.header",
		Zh: "标签文件的第一行应为：{expected}", En: "the first line of a file of labels must be: {expected}"}
	badTable = fault.Text{Key: "evaluation.table",
		Zh: "这一行读不了：引号没有配对，或者列数不是 {expected} 列；请按 CSV 格式改好再运行",
		En: "the line cannot be read: a quotation mark is not closed, or it has not {expected} columns; mend the CSV and run again"}
	badKind = fault.Text{Key: "evaluation.kind",
		Zh: "没有标签种类“{found}”，只有：{expected}", En: `there is no kind of label "{found}"; there are: {expected}`}
	badSeverity = fault.Text{Key: "evaluation.severity",
		Zh: "困难程度应为 0 到 100 的整数，写的是“{found}”", En: `the severity is a whole number from 0 to 100, found "{found}"`}
	noHousehold = fault.Text{Key: "evaluation.household",
		Zh: "没有户口簿号；每个标签都要写清是哪一户", En: "the booklet's number is missing; a label must say of which household it is"}
	noProgramme = fault.Text{Key: "evaluation.programme",
		Zh: "“{found}”标签要写明是哪个项目", En: `a label "{found}" must name its programme`}
)

// longestLine bounds a line, far above what a label needs.
const longestLine = 1 << 16

// ReadLabels reads a file of labels, CSV in UTF-8 with the columns county, household, person, label, programme, mechanism,
// severity, since and note. The first fault, with its line and column, ends it: a label that cannot be read would be missing
// from every number.
func ReadLabels(r io.Reader, file string) ([]Label, error) {
	in := &labelReader{file: file, csv: csv.NewReader(withoutMark(r))}
	in.csv.FieldsPerRecord = len(header)
	first, err := in.csv.Read()
	if err != nil || !slices.Equal(first, header) {
		return nil, fault.New(fault.Invalid, notLabels, fault.Args{"expected": strings.Join(header, ",")}).In(fault.At{File: file, Line: 1}).Because(err)
	}
	var labels []Label
	for {
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			return labels, nil
		}
		if err != nil {
			return nil, err
		}
		labels = append(labels, l)
	}
}

// withoutMark passes over a byte order mark.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, longestLine)
	mark := []byte("\ufeff")
	if first, _ := b.Peek(len(mark)); bytes.Equal(first, mark) {
		_, _ = b.Discard(len(mark))
	}
	return b
}

type labelReader struct {
	file string
	csv  *csv.Reader
}

func (r *labelReader) next() (Label, error) {
	cells, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return Label{}, err
	}
	if err != nil {
		return Label{}, r.table(err)
	}
	l := Label{Household: cells[1], Kind: Kind(cells[3]), Programme: cells[4], Cause: cells[5], Note: cells[8]}
	for i, cell := range cells {
		if err := l.take(i, cell); err != nil {
			return Label{}, r.at(i, err)
		}
	}
	return l, nil
}

// take reads the cell of a column.
func (l *Label) take(column int, cell string) (err error) {
	switch header[column] {
	case "county":
		l.County, err = area.Parse(cell)
	case "household":
		if cell == "" {
			return fault.New(fault.Invalid, noHousehold, nil)
		}
	case "person":
		if cell != "" {
			l.Person, err = idno.Parse(cell)
		}
	case "label":
		if !slices.Contains(Kinds, l.Kind) {
			return fault.New(fault.Invalid, badKind, fault.Args{"found": fault.Excerpt(cell), "expected": joinKinds()})
		}
	case "programme":
		if cell == "" && (l.Kind == Need || l.Kind == MissedNeed || l.Kind == WrongReceipt) {
			return fault.New(fault.Invalid, noProgramme, fault.Args{"found": string(l.Kind)})
		}
	case "severity":
		if l.Severity, err = strconv.Atoi(cell); err != nil || l.Severity < 0 || l.Severity > 100 {
			return fault.New(fault.Invalid, badSeverity, fault.Args{"found": fault.Excerpt(cell)})
		}
	case "since":
		if cell != "" {
			l.Since, err = calendar.Parse(cell)
		}
	}
	return err
}

func joinKinds() string {
	var all []string
	for _, k := range Kinds {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

// at says where a cell's fault lies.
func (r *labelReader) at(column int, err error) error {
	line, at := r.csv.FieldPos(column)
	place := fault.At{File: r.file, Line: line, Column: at, Field: header[column]}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.In(place)
	}
	return err
}

// table is the fault of a line that is no line of the table.
func (r *labelReader) table(err error) error {
	place := fault.At{File: r.file}
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		place.Line, place.Column = bad.Line, bad.Column
	}
	return fault.New(fault.Invalid, badTable, fault.Args{"expected": len(header)}).In(place).Because(err)
}
