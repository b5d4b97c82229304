package feed

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var (
	badXLSX = fault.Text{Key: "feed.bad-xlsx",
		Zh: "XLSX文件已损坏或不完整，请重新导出", En: "the XLSX file is damaged or cut off: export it again"}
	unzipTooLarge = fault.Text{Key: "feed.unzip-too-large",
		Zh: "XLSX文件解压后超过{limit}字节，拒绝读取", En: "the XLSX file unpacks to more than {limit} bytes and is not read"}
	fileTooLarge = fault.Text{Key: "feed.file-too-large",
		Zh: "文件超过{limit}字节，请分成几个文件", En: "the file is larger than {limit} bytes: split it"}
	noSheet = fault.Text{Key: "feed.no-sheet",
		Zh: "XLSX文件没有工作表", En: "the XLSX file has no sheet"}
	excelError = fault.Text{Key: "feed.excel-error",
		Zh: "单元格是Excel错误值“{found}”", En: `the cell holds Excel's error value "{found}"`}
)

// xlsxOther bounds the parts of an archive that are neither sheets nor shared texts: they are held in memory.
const xlsxOther = 64 << 20

// xlsxSource reads the first sheet of a workbook, row by row. Formulas are not computed: a cell that has one counts with
// the value that was stored with it.
type xlsxSource struct {
	file     *excelize.File
	rows     *excelize.Rows
	names    []string
	formulas int
	epoch    calendar.Date // the day of serial number 0
}

// newXLSX opens a workbook of the given bytes that may unpack to at most limit.
func newXLSX(content []byte, limit int64) (*xlsxSource, *fault.Error) {
	formulas, defect := inspect(content, limit)
	if defect != nil {
		return nil, defect
	}
	file, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: limit, UnzipXMLSizeLimit: min(limit, 16<<20), RawCellValue: true})
	if err != nil {
		return nil, fault.New(fault.Invalid, badXLSX, nil).Because(err)
	}
	s := &xlsxSource{file: file, formulas: formulas, epoch: excelEpoch}
	if props, err := file.GetWorkbookProps(); err == nil && props.Date1904 != nil && *props.Date1904 {
		s.epoch = excelEpoch1904
	}
	if defect := s.open(); defect != nil {
		s.close()
		return nil, defect
	}
	return s, nil
}

// The days of serial number 0 in the two calendars of Excel. The first counts a 29 February 1900, so it is right from
// March 1900 on.
var (
	excelEpoch     = calendar.Must(1899, 12, 30)
	excelEpoch1904 = calendar.Must(1904, 1, 1)
)

func (s *xlsxSource) open() *fault.Error {
	sheets := s.file.GetSheetList()
	if len(sheets) == 0 {
		return fault.New(fault.Invalid, noSheet, nil)
	}
	rows, err := s.file.Rows(sheets[0])
	if err != nil {
		return fault.New(fault.Invalid, badXLSX, nil).Because(err)
	}
	s.rows = rows
	names, _, err := s.next()
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, noHeader, nil)
	}
	if err != nil {
		return fault.New(fault.Invalid, badXLSX, nil).Because(err)
	}
	s.names = names
	return nil
}

func (s *xlsxSource) header() []string { return s.names }

// next is the next row that is not empty. Cells that are missing at its end are empty ones.
func (s *xlsxSource) next() (cells []string, defect *fault.Error, err error) {
	defer recovered(&err)
	for s.rows.Next() {
		cells, err := s.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, nil, fmt.Errorf("reading a row: %w", err)
		}
		if blank(cells) {
			continue
		}
		if s.names == nil {
			return cells, nil, nil
		}
		return s.fit(cells)
	}
	if err := s.rows.Error(); err != nil {
		return nil, nil, fmt.Errorf("reading rows: %w", err)
	}
	return nil, nil, io.EOF
}

// fit gives a row as many cells as the header has.
func (s *xlsxSource) fit(cells []string) ([]string, *fault.Error, error) {
	for len(cells) < len(s.names) {
		cells = append(cells, "")
	}
	if !blank(cells[len(s.names):]) {
		return cells, fault.New(fault.Invalid, cellCount, fault.Args{"found": len(cells), "expected": len(s.names)}), nil
	}
	cells = cells[:len(s.names)]
	for i, c := range cells {
		if strings.HasPrefix(c, "#") && errorValues[c] {
			return cells, fault.New(fault.Invalid, excelError, fault.Args{"found": c}).In(fault.At{Field: s.names[i]}), nil
		}
	}
	return cells, nil, nil
}

var errorValues = map[string]bool{
	"#N/A": true, "#REF!": true, "#VALUE!": true, "#NAME?": true, "#DIV/0!": true, "#NULL!": true, "#NUM!": true,
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// serialDate turns the number that a date is in a workbook into the date as it is written.
func (s *xlsxSource) serialDate(cell string) string {
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil || days < 1 || days > 200_000 {
		return cell
	}
	return s.epoch.AddDays(int(days)).String()
}

// number turns a number as a workbook stores it, in binary with 17 digits, into the decimal that its author saw: Excel
// itself shows and keeps no more than 15.
func (s *xlsxSource) number(cell string) string {
	f, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	text := strconv.FormatFloat(f, 'g', 15, 64)
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return cell
		}
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func (s *xlsxSource) close() {
	if s.rows != nil {
		_ = s.rows.Close()
	}
	_ = s.file.Close() // it only removes temporary files
}

// inspect reads every part of the archive once: within its limits, whole and well-formed, since the reader of rows takes
// broken XML for the end of the sheet. It counts the cells with formulas.
func inspect(content []byte, limit int64) (formulas int, defect *fault.Error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return 0, fault.New(fault.Invalid, badXLSX, nil).Because(err)
	}
	total, other := int64(0), int64(0)
	for _, part := range archive.File {
		size := int64(min(part.UncompressedSize64, 1<<62))
		total += size
		if !streamed(part.Name) {
			other += size
		}
		if total > limit || total < 0 {
			return 0, fault.New(fault.Invalid, unzipTooLarge, fault.Args{"limit": limit})
		}
		if other > xlsxOther {
			return 0, fault.New(fault.Invalid, unzipTooLarge, fault.Args{"limit": xlsxOther})
		}
	}
	for _, part := range archive.File {
		if !streamed(part.Name) {
			continue
		}
		n, err := inspectPart(part)
		if err != nil {
			return 0, fault.New(fault.Invalid, badXLSX, nil).Because(fmt.Errorf("%s: %w", part.Name, err))
		}
		formulas += n
	}
	return formulas, nil
}

// streamed reports whether a part of the archive holds rows or their texts.
func streamed(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, "\\", "/"))
	return path.Ext(name) == ".xml" && (strings.HasPrefix(name, "xl/worksheets/") || name == "xl/sharedstrings.xml")
}

func inspectPart(part *zip.File) (formulas int, err error) {
	in, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	d := xml.NewDecoder(in)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return formulas, nil
		}
		if err != nil {
			return 0, err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "f" {
			formulas++
		}
	}
}

// recovered turns a panic of a library over foreign bytes into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("reading the file: %v", r)
	}
}

// WorkbookLines is the cells of a workbook's first sheet as they are stored, line by line, the empty ones left out.
func WorkbookLines(in io.Reader) (lines [][]string, err error) {
	defer recovered(&err)
	content, err := io.ReadAll(io.LimitReader(in, defaultWorkbook))
	if err != nil {
		return nil, fmt.Errorf("reading a workbook: %w", err)
	}
	s, defect := newXLSX(content, defaultWorkbook)
	if defect != nil {
		return nil, defect
	}
	defer s.close()
	lines = [][]string{s.names}
	for s.rows.Next() {
		cells, err := s.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, fault.New(fault.Invalid, badXLSX, nil).Because(err)
		}
		if !blank(cells) {
			lines = append(lines, cells)
		}
	}
	if err := s.rows.Error(); err != nil {
		return nil, fault.New(fault.Invalid, badXLSX, nil).Because(err)
	}
	return lines, nil
}
