package feed

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/fault"
)

// The encodings of text files.
const (
	utf8Encoding    = "utf-8"
	gb18030Encoding = "gb18030"
)

var (
	notUTF8 = fault.Text{Key: "feed.not-utf8",
		Zh: "不是有效的UTF-8文字", En: "this is not valid UTF-8"}
	rather18030 = fault.Text{Key: "feed.rather-gb18030",
		Zh: "不是有效的UTF-8文字，看来是GB18030，读作“{found}”；一个文件只能用一种编码",
		En: `this is not UTF-8 but reads as GB18030, "{found}"; a file has one encoding`}
	not18030 = fault.Text{Key: "feed.not-gb18030",
		Zh: "不是有效的GB18030文字", En: "this is not valid GB18030"}
	ratherUTF8 = fault.Text{Key: "feed.rather-utf8",
		Zh: "不是有效的GB18030文字，看来是UTF-8，读作“{found}”；一个文件只能用一种编码",
		En: `this is not GB18030 but reads as UTF-8, "{found}"; a file has one encoding`}
	damaged = fault.Text{Key: "feed.damaged-text",
		Zh: "文字在之前的转换中已经损坏（含有“�”）", En: "the text was damaged in an earlier conversion (it holds “�”)"}
	utf16File = fault.Text{Key: "feed.utf16",
		Zh: "文件编码是UTF-16，请另存为“CSV UTF-8”", En: "the file is UTF-16: save it as CSV UTF-8"}
	hasNUL = fault.Text{Key: "feed.nul",
		Zh: "含有空字符（NUL），可能是二进制数据", En: "it holds a NUL character and may be binary data"}
)

var (
	utf8Mark    = []byte("\xef\xbb\xbf")
	utf16LEMark = []byte("\xff\xfe")
	utf16BEMark = []byte("\xfe\xff")
)

// decode turns a file's bytes into text. The fault says what the bytes look like instead.
func decode(encoding string, b []byte) (string, *fault.Error) {
	if bytes.IndexByte(b, 0) >= 0 {
		return "", fault.New(fault.Invalid, hasNUL, nil)
	}
	if encoding == gb18030Encoding {
		return decode18030(b)
	}
	if utf8.Valid(b) {
		if bytes.ContainsRune(b, utf8.RuneError) {
			return "", fault.New(fault.Invalid, damaged, nil)
		}
		return string(b), nil
	}
	if s, ok := gb18030(b); ok {
		return "", fault.New(fault.Invalid, rather18030, fault.Args{"found": fault.Excerpt(s)})
	}
	return "", fault.New(fault.Invalid, notUTF8, nil)
}

func decode18030(b []byte) (string, *fault.Error) {
	if s, ok := gb18030(b); ok {
		return s, nil
	}
	if utf8.Valid(b) {
		return "", fault.New(fault.Invalid, ratherUTF8, fault.Args{"found": fault.Excerpt(string(b))})
	}
	return "", fault.New(fault.Invalid, not18030, nil)
}

func gb18030(b []byte) (string, bool) {
	if ascii(b) {
		return string(b), true
	}
	s, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(s, utf8.RuneError) {
		return "", false
	}
	return string(s), true
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// guess is the encoding of a file that no manifest describes, from its first bytes: UTF-8 if they can be that.
func guess(head []byte) string {
	for cut := range min(utf8.UTFMax, len(head)) {
		if utf8.Valid(head[:len(head)-cut]) { // the last character may be cut off
			return utf8Encoding
		}
	}
	if len(head) == 0 {
		return utf8Encoding
	}
	return gb18030Encoding
}

// formula reports whether a spreadsheet would take a text for a formula. A negative number is none.
func formula(s string) bool {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return false
	}
	return !plainNumber(s)
}

func plainNumber(s string) bool {
	digits := strings.Count(s, "") - 1
	for i, r := range s {
		if r >= '0' && r <= '9' || r == '.' || i == 0 && r == '-' {
			continue
		}
		return false
	}
	return digits > 1
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
