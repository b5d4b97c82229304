package feed

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"dajiuzhu/internal/fault"
)

var (
	lineTooLong = fault.Text{Key: "feed.line-too-long",
		Zh: "这一行超过{limit}字节，可能缺少换行或引号不成对", En: "the row is longer than {limit} bytes: a line break or a quote may be missing"}
	quoteOpen = fault.Text{Key: "feed.quote-open",
		Zh: "引号没有成对，到文件末尾仍未结束", En: "a quote is opened and never closed"}
	afterQuote = fault.Text{Key: "feed.after-quote",
		Zh: "第{column}列引号结束后还有文字", En: "in column {column} text follows the closing quote"}
	cellCount = fault.Text{Key: "feed.cell-count",
		Zh: "这一行有{found}列，表头有{expected}列", En: "the row has {found} columns, the header {expected}"}
	noHeader = fault.Text{Key: "feed.no-header",
		Zh: "文件是空的，没有表头", En: "the file is empty: it has no header"}
)

// source gives a file's rows as text. A row that cannot be taken apart has a defect; the next one can be read all the
// same. An error that is not io.EOF ends the file.
type source interface {
	header() []string
	next() (cells []string, defect *fault.Error, err error)
}

// csvSource reads comma-separated values (RFC 4180) byte by byte: in both encodings no byte of a longer character is
// a comma, a quote or a line break. A quote inside an unquoted cell is kept as it is.
type csvSource struct {
	in       *bufio.Reader
	encoding string
	limit    int
	names    []string
	record   []byte // the cells of the current row without their quotes, one after the other
	ends     []int  // of each cell in record
}

func newCSV(in io.Reader, encoding string, limit int) (*csvSource, *fault.Error) {
	s := &csvSource{encoding: encoding, limit: limit}
	var defect *fault.Error
	if s.in, s.encoding, defect = opened(in, encoding); defect != nil {
		return nil, defect
	}
	names, defect, err := s.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fault.New(fault.Invalid, noHeader, nil)
	case err != nil:
		return nil, unreadable(err)
	case defect != nil:
		return nil, defect
	}
	s.names = names
	return s, nil
}

// opened buffers a text file, skips its byte order mark and guesses the encoding if none is given.
func opened(in io.Reader, encoding string) (*bufio.Reader, string, *fault.Error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", unreadable(err)
	}
	switch {
	case bytes.HasPrefix(head, utf16LEMark), bytes.HasPrefix(head, utf16BEMark):
		return nil, "", fault.New(fault.Invalid, utf16File, nil)
	case bytes.HasPrefix(head, utf8Mark):
		_, err := r.Discard(len(utf8Mark))
		if err != nil {
			return nil, "", unreadable(err)
		}
		if encoding == "" {
			encoding = utf8Encoding
		}
	case encoding == "":
		encoding = guess(head)
	}
	return r, encoding, nil
}

func (s *csvSource) header() []string { return s.names }

func (s *csvSource) next() ([]string, *fault.Error, error) {
	for {
		defect, err := s.read()
		if err != nil {
			return nil, nil, err
		}
		if defect == nil && len(s.ends) == 1 && len(bytes.TrimSpace(s.record)) == 0 {
			continue // an empty line is no row
		}
		cells, undecoded := s.cells()
		if defect == nil {
			defect = undecoded
		}
		if defect == nil && s.names != nil && len(cells) != len(s.names) {
			defect = fault.New(fault.Invalid, cellCount, fault.Args{"found": len(cells), "expected": len(s.names)})
		}
		return cells, defect, nil
	}
}

// cells decodes the current row. Cells that cannot be decoded are left empty and the first of them makes the defect.
func (s *csvSource) cells() ([]string, *fault.Error) {
	cells := make([]string, len(s.ends))
	var defect *fault.Error
	from := 0
	for i, end := range s.ends {
		text, wrong := decode(s.encoding, s.record[from:end])
		if wrong != nil && defect == nil {
			defect = wrong
			if i < len(s.names) {
				defect = wrong.In(fault.At{Field: s.names[i]})
			}
		}
		cells[i] = text
		from = end
	}
	return cells, defect
}

// read takes one row apart into record and ends. io.EOF only where there is no more row.
func (s *csvSource) read() (*fault.Error, error) {
	s.record, s.ends = s.record[:0], s.ends[:0]
	var defect *fault.Error
	quoted, closed, any := false, false, false
	for size := 0; ; size++ {
		c, err := s.in.ReadByte()
		if err != nil {
			if !errors.Is(err, io.EOF) || !any {
				return nil, err
			}
			if quoted && defect == nil {
				defect = fault.New(fault.Invalid, quoteOpen, nil)
			}
			s.ends = append(s.ends, len(s.record))
			return defect, nil
		}
		any = true
		if size >= s.limit {
			return fault.New(fault.Invalid, lineTooLong, fault.Args{"limit": s.limit}), s.skipLine(c)
		}
		atStart := len(s.record) == s.start()
		switch {
		case quoted && c == '"':
			quoted, closed = false, true
		case quoted:
			s.record = append(s.record, c)
		case c == ',':
			s.ends = append(s.ends, len(s.record))
			closed = false
		case c == '\n':
			s.ends = append(s.ends, len(s.record))
			return defect, nil
		case c == '\r' && s.lineBreak():
		case c == '"' && closed: // a doubled quote
			s.record = append(s.record, c)
			quoted, closed = true, false
		case c == '"' && atStart:
			quoted = true
		case closed:
			if defect == nil {
				defect = fault.New(fault.Invalid, afterQuote, fault.Args{"column": len(s.ends) + 1})
			}
			s.record = append(s.record, c)
		default:
			s.record = append(s.record, c)
		}
	}
}

// start is where the current cell begins in record.
func (s *csvSource) start() int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

// lineBreak reports whether a line break follows.
func (s *csvSource) lineBreak() bool {
	next, err := s.in.Peek(1)
	return err != nil || next[0] == '\n'
}

// skipLine drops the rest of an overlong line, of which only the beginning is kept.
func (s *csvSource) skipLine(c byte) error {
	const kept = 1 << 10
	s.record = s.record[:min(len(s.record), kept)]
	s.ends = append(s.ends[:0], len(s.record))
	for c != '\n' {
		switch _, err := s.in.ReadSlice('\n'); {
		case err == nil, errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
	return nil
}
