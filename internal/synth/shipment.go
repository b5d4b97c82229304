package synth

// shipment is how a feed is delivered: how, how long before the date, and how far back it reaches.
type shipment struct {
	style
	daysBefore int
	months     int // that it covers; 0 for a register, which covers all since 1949
}

var usual = style{format: "csv", encoding: "utf-8"}

var shipments = map[string]shipment{
	"population":         {style: style{format: "csv", encoding: "utf-8", mark: true}, daysBefore: 3},
	"marriages":          {style: usual, daysBefore: 6},
	"deaths":             {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 2},
	"medical-enrolment":  {style: usual, daysBefore: 2},
	"medical-settlement": {style: style{format: "parquet"}, daysBefore: 1, months: monthsOfSettlements},
	"disability":         {style: usual, daysBefore: 12},
	"social-insurance":   {style: usual, daysBefore: 5},
	"employment":         {style: usual, daysBefore: 5},
	"unemployment":       {style: usual, daysBefore: 5},
	"vehicles":           {style: style{format: "csv", encoding: "gb18030", slashes: true}, daysBefore: 16},
	"property":           {style: usual, daysBefore: 20},
	"business":           {style: usual, daysBefore: 10},
	"schools":            {style: style{format: "xlsx"}, daysBefore: 25},
	"holdings":           {style: usual, daysBefore: 1},
	"prison":             {style: usual, daysBefore: 15},
	"monitored":          {style: usual, daysBefore: 9},
	"orphans":            {style: usual, daysBefore: 9},
	"red-cross-grants":   {style: usual, daysBefore: 30},
	"hotline":            {style: style{format: "jsonl"}, daysBefore: 1, months: monthsOfShocks},
	"leads":              {style: usual, daysBefore: 1, months: monthsOfShocks},
	"disasters":          {style: usual, daysBefore: 1, months: monthsOfShocks},
	"accidents":          {style: usual, daysBefore: 1, months: monthsOfShocks},

	"awards":         {style: usual, daysBefore: 1},
	"recognitions":   {style: usual, daysBefore: 1},
	"temporary-aid":  {style: usual, daysBefore: 1, months: monthsOfAid},
	"refusals":       {style: usual, daysBefore: 1, months: monthsOfAid},
	"charity-grants": {style: style{format: "xlsx"}, daysBefore: 14, months: monthsOfAid},

	"admissions":  {style: style{format: "xlsx"}, daysBefore: 25},
	"student-aid": {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 25},
	"hope-grants": {style: style{format: "xlsx"}, daysBefore: 25},

	"employment-difficulty": {style: usual, daysBefore: 5},
	"public-posts":          {style: usual, daysBefore: 5},
	"union-members":         {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 30},
	"provident-fund":        {style: style{format: "parquet"}, daysBefore: 6},
	"work-injury":           {style: usual, daysBefore: 8},

	"rehabilitation": {style: usual, daysBefore: 12},
	"two-cancers":    {style: style{format: "xlsx"}, daysBefore: 28},
	"birth-planning": {style: style{format: "csv", encoding: "gb18030", slashes: true}, daysBefore: 30},

	"housing-grades": {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 30},
	"public-rental":  {style: style{format: "xlsx"}, daysBefore: 20},
	"rural-loans":    {style: usual, daysBefore: 18},

	"border":        {style: style{format: "jsonl"}, daysBefore: 3},
	"credit":        {style: style{format: "jsonl"}, daysBefore: 4},
	"judicial-aid":  {style: usual, daysBefore: 16},
	"legal-aid":     {style: usual, daysBefore: 16},
	"party-members": {style: usual, daysBefore: 38},
	"veterans":      {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 35},
}
