package feed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var (
	notAnObject = fault.Text{Key: "feed.not-an-object",
		Zh: "这一行不是一个JSON对象（{…}）", En: "the line is not one JSON object ({…})"}
	nestedValue = fault.Text{Key: "feed.nested-value",
		Zh: "值应为文字、数字、true、false 或 null", En: "a value is a text, a number, true, false or null"}
)

// jsonSource reads one JSON object a line. Its columns are the feed's; a key that a row lacks is an empty cell.
type jsonSource struct {
	in       *bufio.Reader
	encoding string
	limit    int
	feed     *pack.Feed
	names    []string
	line     []byte
}

func newJSON(in io.Reader, feed *pack.Feed, encoding string, limit int) (*jsonSource, *fault.Error) {
	s := &jsonSource{feed: feed, limit: limit}
	var defect *fault.Error
	if s.in, s.encoding, defect = opened(in, encoding); defect != nil {
		return nil, defect
	}
	for _, c := range feed.Columns {
		s.names = append(s.names, c.Name)
	}
	return s, nil
}

func (s *jsonSource) header() []string { return s.names }

func (s *jsonSource) next() ([]string, *fault.Error, error) {
	for {
		long, err := s.readLine()
		if err != nil {
			return nil, nil, err
		}
		if len(bytes.TrimSpace(s.line)) == 0 {
			continue
		}
		text, defect := decode(s.encoding, s.line)
		switch {
		case long:
			return []string{text}, fault.New(fault.Invalid, lineTooLong, fault.Args{"limit": s.limit}), nil
		case defect != nil:
			return nil, defect, nil
		}
		cells, defect := s.cells(text)
		if defect != nil {
			return []string{text}, defect, nil
		}
		return cells, nil, nil
	}
}

// readLine reads the next line, and reports whether it was too long and is only its beginning.
func (s *jsonSource) readLine() (long bool, err error) {
	const kept = 1 << 10
	s.line = s.line[:0]
	for any := false; ; any = true {
		part, err := s.in.ReadSlice('\n')
		if !long {
			s.line = append(s.line, part...)
		}
		if len(s.line) > s.limit {
			long = true
			s.line = s.line[:kept]
		}
		switch {
		case err == nil:
			return long, nil
		case errors.Is(err, io.EOF) && (any || len(part) > 0):
			return long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return long, err
		}
	}
}

// cells takes an object apart. A key may be the column's id or its Chinese name, and stand there once.
func (s *jsonSource) cells(text string) ([]string, *fault.Error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, fault.New(fault.Invalid, notAnObject, nil)
	}
	cells, seen := make([]string, len(s.names)), make([]bool, len(s.names))
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fault.New(fault.Invalid, notAnObject, nil)
		}
		name := key.(string)
		i := columnNamed(s.feed, name)
		switch {
		case i < 0:
			return nil, unknownHeader(s.feed, name)
		case seen[i]:
			return nil, fault.New(fault.Invalid, columnTwice, fault.Args{"found": fault.Excerpt(name)})
		}
		seen[i] = true
		value, err := d.Token()
		if err != nil {
			return nil, fault.New(fault.Invalid, notAnObject, nil)
		}
		cell, ok := scalar(value)
		if !ok {
			return nil, fault.New(fault.Invalid, nestedValue, nil).In(fault.At{Field: name})
		}
		cells[i] = cell
	}
	if _, err := d.Token(); err != nil {
		return nil, fault.New(fault.Invalid, notAnObject, nil)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, notAnObject, nil)
	}
	return cells, nil
}

func scalar(token json.Token) (string, bool) {
	switch v := token.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

// columnNamed is the place of a feed's column by its id or its Chinese name, -1 for none.
func columnNamed(f *pack.Feed, name string) int {
	return slices.IndexFunc(f.Columns, func(c *pack.Column) bool { return c.Name == name || c.Label.Zh == name })
}
