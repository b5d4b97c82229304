package rules

import (
	"regexp"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/operators"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// place is the place in the pack's file of a location in an expression's text.
func place(e pack.Expr, location common.Location) fault.At {
	if location == common.NoLocation || location.Line() < 1 {
		return e.Pos.At()
	}
	return e.PosAt(location.Line(), location.Column()+1).At()
}

// placeOfName is the same for an expression that the parser locates at the point before a field's name or at the
// parenthesis after a function's: the place of the name.
func placeOfName(e pack.Expr, location common.Location) fault.At {
	if location == common.NoLocation || location.Line() < 1 {
		return e.Pos.At()
	}
	lines := strings.Split(e.Source, "\n")
	line, column := []rune(lines[min(location.Line(), len(lines))-1]), location.Column()
	switch {
	case column >= len(line):
	case line[column] == '.':
		for column++; column < len(line) && line[column] == ' '; column++ {
		}
	case line[column] == '(':
		for column > 0 && inName(line[column-1]) {
			column--
		}
	}
	return e.PosAt(location.Line(), column+1).At()
}

func inName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// syntaxDetails puts what the parser stumbles over into the words of its reader.
var syntaxDetails = []struct {
	found  *regexp.Regexp
	zh, en string
}{
	{regexp.MustCompile(`^mismatched input '<EOF>'`), "公式没有写完", "the formula ends too early"},
	{regexp.MustCompile(`^missing '(.)' at`), "缺少“$1”", `"$1" is missing`},
	{regexp.MustCompile(`^token recognition error at: '['"]`), "有一个引号没有配对", "a quotation mark is never closed"},
	{regexp.MustCompile(`^token recognition error at: '= ?'`), "“=”要写成“==”", `write "==" for "="`},
	{regexp.MustCompile(`^token recognition error at: '& ?'`), "“&”要写成“&&”", `write "&&" for "&"`},
	{regexp.MustCompile(`^token recognition error at: '\| ?'`), "“|”要写成“||”", `write "||" for "|"`},
	{regexp.MustCompile(`^token recognition error at: '(.*)'`), "公式里不能出现“$1”", `"$1" cannot stand in a formula`},
	{regexp.MustCompile(`^\w+ input 'and'`), "“and”要写成“&&”", `write "&&" for "and"`},
	{regexp.MustCompile(`^\w+ input 'or'`), "“or”要写成“||”", `write "||" for "or"`},
	{regexp.MustCompile(`^\w+ input '(.*?)' expecting`), "“$1”放错了地方", `"$1" is out of place`},
	{regexp.MustCompile(`^no viable alternative at input '(.*)'`), "“$1”放错了地方", `"$1" is out of place`},
	{regexp.MustCompile(`^unsupported syntax '(.*)'`), "政策语言里不允许“$1”", `"$1" is not part of the policy language`},
	{regexp.MustCompile(`^reserved identifier: (.*)`), "“$1”不能用作名称", `"$1" cannot be a name`},
	{regexp.MustCompile(`^invalid u?int literal`), "这个整数太大", "this whole number is too large"},
}

// syntaxFaults tells the first thing that cannot be read; what follows it mostly follows from it.
func syntaxFaults(e pack.Expr, issues *cel.Issues) fault.List {
	issue := issues.Errors()[0]
	detail := strings.TrimPrefix(issue.Message, "Syntax error: ")
	told := pack.Text{Zh: detail, En: detail}
	for _, d := range syntaxDetails {
		if match := d.found.FindStringSubmatchIndex(detail); match != nil {
			told.Zh = string(d.found.ExpandString(nil, d.zh, detail, match))
			told.En = string(d.found.ExpandString(nil, d.en, detail, match))
			break
		}
	}
	return fault.List{fault.New(fault.Invalid, syntaxError, fault.Args{"detail": told.En, "detailZh": told.Zh}).In(place(e, issue.Location))}
}

var (
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '([^']*)'`)
	otherType  = regexp.MustCompile(`^expected type '([^']*)' but found '([^']*)'`)
)

// typeFaults puts the checker's findings into words of the pack language.
func typeFaults(e pack.Expr, issues *cel.Issues) fault.List {
	var list fault.List
	for _, issue := range issues.Errors() {
		list = append(list, typeFault(issue.Message).In(placeOfName(e, issue.Location)))
	}
	return list
}

func typeFault(message string) *fault.Error {
	if match := otherType.FindStringSubmatch(message); match != nil {
		return fault.New(fault.Invalid, wrongPart, fault.Args{"expected": typeWords(match[1]), "found": typeWords(match[2])})
	}
	match := noOverload.FindStringSubmatch(message)
	if match == nil {
		return fault.New(fault.Invalid, syntaxError, fault.Args{"detail": message, "detailZh": message})
	}
	operator, found := strings.TrimPrefix(match[1], "@"), typeWords(match[2])
	if symbol, ok := operators.FindReverse(operator); ok && symbol != "" {
		operator = symbol
	}
	args := fault.Args{"operator": operator, "found": found}
	switch {
	case match[1] == operators.Divide && found == "int, int":
		return fault.New(fault.Invalid, integerQuotient, nil)
	case match[1] == operators.Conditional:
		args["operator"], args["found"] = "?:", strings.TrimPrefix(found, "bool, ")
		return unequal(args)
	case match[1] == "or":
		return unequal(args)
	}
	return fault.New(fault.Invalid, wrongOperands, args)
}

// unequal refuses two types that should be one; of two numbers the author may have meant a decimal.
func unequal(args fault.Args) *fault.Error {
	if found := args["found"]; found == "int, decimal" || found == "decimal, int" {
		return fault.New(fault.Invalid, unequalNumbers, args)
	}
	return fault.New(fault.Invalid, unequalTypes, args)
}

var (
	mapOfValues  = regexp.MustCompile(`map\(string, \w+\)`)
	listOfValues = regexp.MustCompile(`list\((\w+)\)`)
	receiver     = regexp.MustCompile(`^(.*)\.\((.*)\)$`)
)

// typeWords are the checker's types as a pack names them: "map(string, decimal).(int)" is "table, int".
func typeWords(types string) string {
	types = mapOfValues.ReplaceAllString(types, "table")
	types = strings.ReplaceAll(types, "list(string)", "codes")
	types = listOfValues.ReplaceAllString(types, "$1")
	types = receiver.ReplaceAllString(types, "$1, $2")
	types = strings.TrimSuffix(strings.TrimPrefix(types, "("), ")")
	return strings.ReplaceAll(types, "string", "code")
}
