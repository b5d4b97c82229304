package web

import (
	"archive/zip"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// fileFormat is a form in which a list is given.
type fileFormat struct {
	media, ending string
	write         func(w io.Writer, next func() ([]string, error)) error // of rows until io.EOF, without holding them
}

var formats = map[string]fileFormat{
	"csv":  {"text/csv; charset=utf-8", "csv", writeCSV},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", writeWorkbook},
}

// aNumber is what a spreadsheet may take for a number, sign and all.
var aNumber = regexp.MustCompile(`^-?[0-9][0-9,]*(\.[0-9]+)?$`)

// guarded keeps a spreadsheet from taking somebody's text for a formula.
func guarded(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n|", rune(cell[0])) && !strings.ContainsAny(firstRune(cell), "＝＋－＠") || aNumber.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

func writeCSV(w io.Writer, next func() ([]string, error)) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheets take it for what it is
		return err
	}
	c := csv.NewWriter(w)
	for {
		row, err := next()
		if errors.Is(err, io.EOF) {
			c.Flush()
			return c.Error()
		}
		if err != nil {
			return err
		}
		for i := range row {
			row[i] = guarded(row[i])
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
}

// workbook are the parts of a workbook beside its one sheet.
var workbook = []struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
}

// mostSheetRows is what a sheet of a workbook can hold.
const mostSheetRows = 1 << 20

var errSheetFull = errors.New("a sheet holds no more rows")

// writeWorkbook writes a workbook of one sheet, of texts: written here and not by a library, which would lay rows that are kept sealed open in a file of
// its own on the disk.
func writeWorkbook(w io.Writer, next func() ([]string, error)) error {
	z := zip.NewWriter(w)
	for _, p := range workbook {
		if err := part(z, p.name, func(w io.Writer) error { _, err := io.WriteString(w, p.text); return err }); err != nil {
			return err
		}
	}
	if err := part(z, "xl/worksheets/sheet1.xml", func(w io.Writer) error { return writeSheet(w, next) }); err != nil {
		return err
	}
	return z.Close()
}

func part(z *zip.Writer, name string, write func(io.Writer) error) error {
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return write(w)
}

func writeSheet(w io.Writer, next func() ([]string, error)) error {
	if _, err := io.WriteString(w, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`); err != nil {
		return err
	}
	for n := 1; ; n++ {
		row, err := next()
		if errors.Is(err, io.EOF) {
			_, err = io.WriteString(w, `</sheetData></worksheet>`)
			return err
		}
		if err == nil && n > mostSheetRows {
			err = errSheetFull
		}
		if err != nil {
			return err
		}
		var b strings.Builder
		fmt.Fprintf(&b, `<row r="%d">`, n)
		for _, cell := range row {
			b.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
			if err := xml.EscapeText(&b, []byte(cell)); err != nil {
				return err
			}
			b.WriteString(`</t></is></c>`)
		}
		b.WriteString(`</row>`)
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
	}
}
