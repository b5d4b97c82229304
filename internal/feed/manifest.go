package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

const manifestSuffix = ".manifest.json"

var (
	badManifest = fault.Text{Key: "feed.bad-manifest",
		Zh: "清单不是有效的JSON：{detail}", En: "the manifest is not valid JSON: {detail}"}
	manifestKey = fault.Text{Key: "feed.manifest-key",
		Zh: "清单没有“{found}”这一项；最接近的是“{nearest}”", En: `a manifest has no "{found}"; the nearest is "{nearest}"`}
	manifestMissing = fault.Text{Key: "feed.manifest-missing",
		Zh: "清单缺少“{found}”", En: `the manifest has no "{found}"`}
	manifestType = fault.Text{Key: "feed.manifest-type",
		Zh: "此处应为{expected}", En: "this should be {english}"}
	unknownFeed = fault.Text{Key: "feed.unknown-feed",
		Zh: "政策包没有数据来源“{found}”；最接近的是“{nearest}”", En: `the pack has no feed "{found}"; the nearest is "{nearest}"`}
	periodBackwards = fault.Text{Key: "feed.period-backwards",
		Zh: "数据所属期从{from}到{to}，起不早于止", En: "the period runs from {from} to {to}: it must begin before it ends"}
	outsideFolder = fault.Text{Key: "feed.outside-folder",
		Zh: "文件名“{found}”指向别处：只能是清单所在文件夹里的文件名", En: `the file name "{found}" leads elsewhere: it must be a name in the manifest's folder`}
	unknownFormat = fault.Text{Key: "feed.unknown-format",
		Zh: "不支持格式“{found}”，可用 csv、xlsx、jsonl、parquet", En: `the format "{found}" is none of csv, xlsx, jsonl, parquet`}
	unknownEncoding = fault.Text{Key: "feed.unknown-encoding",
		Zh: "不支持编码“{found}”，可用 utf-8、gb18030", En: `the encoding "{found}" is neither utf-8 nor gb18030`}
	noSum = fault.Text{Key: "feed.no-sum",
		Zh: "列“{found}”不是数字，不能合计", En: `the column "{found}" holds no numbers to add up`}
	noFileAreas = fault.Text{Key: "feed.no-areas",
		Zh: "清单没有写明覆盖哪些区划", En: "the manifest names no areas"}
	noManifestFiles = fault.Text{Key: "feed.no-manifest-files",
		Zh: "清单没有列出文件", En: "the manifest lists no files"}
)

// manifestFile is a file as its manifest declares it.
type manifestFile struct {
	path     string // in the folder
	format   string
	encoding string
	rows     int
	sums     map[int]money.Decimal // by column
}

// manifest is a delivery and what its files must come to.
type manifest struct {
	delivery *Delivery
	files    []manifestFile
	faults   fault.List
}

// manifestReader reads one manifest and collects its faults.
type manifestReader struct {
	pack   *pack.Pack
	name   string
	faults fault.List
}

func (r *manifestReader) fault(field string, err *fault.Error) {
	at := err.At
	at.File, at.Field = r.name, field
	r.faults = append(r.faults, err.In(at))
}

// readManifest reads a manifest strictly: what it does not know is a fault. The files that it names are returned even
// then, so that none of them is read as if no manifest had named it.
func readManifest(p *pack.Pack, name string, content []byte) *manifest {
	r := &manifestReader{pack: p, name: name}
	m := &manifest{delivery: &Delivery{Manifest: name}}
	top, ok := r.object("", content, "feed", "delivered", "from", "to", "areas", "files", "simulated")
	if !ok {
		m.faults = r.faults
		return m
	}
	r.head(m.delivery, top)
	var files []json.RawMessage
	r.value("files", top["files"], &files, "列表", "a list")
	for i, raw := range files {
		if f, ok := r.file(m.delivery.Feed, fmt.Sprintf("files[%d]", i), raw); ok {
			m.files = append(m.files, f)
		}
	}
	if len(files) == 0 && top["files"] != nil {
		r.fault("files", fault.New(fault.Invalid, noManifestFiles, nil))
	}
	m.faults = r.faults
	return m
}

// object reads a JSON object with keys from a closed list; those not marked optional must be there.
func (r *manifestReader) object(field string, raw []byte, keys ...string) (map[string]json.RawMessage, bool) {
	var o map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, utf8Mark)))
	if err := d.Decode(&o); err != nil || d.More() {
		detail := "…"
		if err != nil {
			detail = err.Error()
		}
		r.fault(field, fault.New(fault.Invalid, badManifest, fault.Args{"detail": detail}))
		return nil, false
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(keys, key) {
			r.fault(join(field, key), fault.New(fault.Invalid, manifestKey,
				fault.Args{"found": fault.Excerpt(key), "nearest": fault.Nearest(key, keys)}))
		}
	}
	optional := []string{"simulated", "format", "encoding", "sums"}
	for _, key := range keys {
		if _, ok := o[key]; !ok && !slices.Contains(optional, key) {
			r.fault(field, fault.New(fault.Invalid, manifestMissing, fault.Args{"found": key}))
		}
	}
	return o, true
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// value reads one JSON value; an absent one is left as it is.
func (r *manifestReader) value(field string, raw json.RawMessage, into any, zh, en string) bool {
	if raw == nil {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		r.fault(field, fault.New(fault.Invalid, manifestType, fault.Args{"expected": zh, "english": en}))
		return false
	}
	return true
}

func (r *manifestReader) text(field string, raw json.RawMessage) (string, bool) {
	var s string
	ok := r.value(field, raw, &s, "文字", "a text")
	return strings.TrimSpace(s), ok
}

func (r *manifestReader) date(field string, raw json.RawMessage) (calendar.Date, bool) {
	s, ok := r.text(field, raw)
	if !ok {
		return 0, false
	}
	d, err := calendar.Parse(s)
	if err != nil {
		r.fault(field, asFault(err))
		return 0, false
	}
	return d, true
}

func (r *manifestReader) head(d *Delivery, top map[string]json.RawMessage) {
	if id, ok := r.text("feed", top["feed"]); ok {
		if d.Feed = feedOf(r.pack, id); d.Feed == nil {
			r.fault("feed", fault.New(fault.Invalid, unknownFeed,
				fault.Args{"found": fault.Excerpt(id), "nearest": fault.Nearest(id, feedIDs(r.pack))}))
		}
	}
	d.Delivered, _ = r.date("delivered", top["delivered"])
	from, hasFrom := r.date("from", top["from"])
	to, hasTo := r.date("to", top["to"])
	d.Period = calendar.Span{From: from, To: to}
	if hasFrom && hasTo && d.Period.Empty() {
		r.fault("from", fault.New(fault.Invalid, periodBackwards, fault.Args{"from": from, "to": to}))
	}
	r.value("simulated", top["simulated"], &d.Simulated, "true 或 false", "true or false")
	var areas []string
	if r.value("areas", top["areas"], &areas, "区划代码列表", "a list of area codes") && len(areas) == 0 {
		r.fault("areas", fault.New(fault.Invalid, noFileAreas, nil))
	}
	for i, s := range areas {
		code, err := area.Parse(s)
		if err == nil && r.pack.Areas != nil && !r.pack.Areas.Has(code) {
			err = fault.New(fault.Invalid, notAnArea, fault.Args{"found": code})
		}
		if err != nil {
			r.fault(fmt.Sprintf("areas[%d]", i), asFault(err))
			continue
		}
		d.Areas = append(d.Areas, code)
	}
}

func feedOf(p *pack.Pack, id string) *pack.Feed {
	for _, f := range p.Feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}

func feedIDs(p *pack.Pack) []string {
	ids := make([]string, len(p.Feeds))
	for i, f := range p.Feeds {
		ids[i] = f.ID
	}
	return ids
}

// file reads one entry of files; false if it has no usable name.
func (r *manifestReader) file(feed *pack.Feed, field string, raw []byte) (manifestFile, bool) {
	o, ok := r.object(field, raw, "name", "format", "encoding", "rows", "sums")
	if !ok {
		return manifestFile{}, false
	}
	f := manifestFile{sums: map[int]money.Decimal{}}
	name, ok := r.text(field+".name", o["name"])
	if !ok {
		return manifestFile{}, false
	}
	if name == "" || name == "." || !fs.ValidPath(name) || strings.ContainsAny(name, `/\:`) {
		r.fault(field+".name", fault.New(fault.Invalid, outsideFolder, fault.Args{"found": fault.Excerpt(name)}))
		return manifestFile{}, false
	}
	f.path = path.Join(path.Dir(r.name), name)
	f.format = formatOf(name)
	if format, ok := r.text(field+".format", o["format"]); ok {
		f.format = strings.ToLower(format)
	}
	if !slices.Contains(formats, f.format) {
		r.fault(field+".format", fault.New(fault.Invalid, unknownFormat, fault.Args{"found": fault.Excerpt(f.format)}))
	}
	f.encoding = utf8Encoding
	if encoding, ok := r.text(field+".encoding", o["encoding"]); ok {
		f.encoding = strings.ToLower(encoding)
	}
	if f.encoding != utf8Encoding && f.encoding != gb18030Encoding {
		r.fault(field+".encoding", fault.New(fault.Invalid, unknownEncoding, fault.Args{"found": fault.Excerpt(f.encoding)}))
	}
	r.value(field+".rows", o["rows"], &f.rows, "行数", "a number of rows")
	r.sums(feed, field+".sums", o["sums"], f.sums)
	return f, true
}

func (r *manifestReader) sums(feed *pack.Feed, field string, raw json.RawMessage, sums map[int]money.Decimal) {
	var written map[string]string
	if !r.value(field, raw, &written, "列名到合计（文字）的对照", "a map from columns to sums, written as texts") || feed == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		i := columnNamed(feed, name)
		if i < 0 {
			r.fault(join(field, name), unknownHeader(feed, name))
			continue
		}
		if t := pack.Type(feed.Columns[i].Type); t != pack.Decimal && t != pack.Int {
			r.fault(join(field, name), fault.New(fault.Invalid, noSum, fault.Args{"found": name}))
			continue
		}
		sum, err := money.Parse(written[name])
		if err != nil {
			r.fault(join(field, name), asFault(err))
			continue
		}
		sums[i] = sum
	}
}

// The formats of data files.
const (
	formatCSV     = "csv"
	formatXLSX    = "xlsx"
	formatJSON    = "jsonl"
	formatParquet = "parquet"
)

var formats = []string{formatCSV, formatXLSX, formatJSON, formatParquet}

// formatOf is the format that a file's name tells, "" if it is no data file's.
func formatOf(name string) string {
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if extension == "ndjson" {
		extension = formatJSON
	}
	if !slices.Contains(formats, extension) {
		return ""
	}
	return extension
}

// Reads reports whether a file of that name is read in a folder: a manifest or data.
func Reads(name string) bool {
	base := path.Base(name)
	return !hidden(base) && (strings.HasSuffix(base, manifestSuffix) || formatOf(base) != "")
}

// hidden reports whether a file is none that somebody put there to be read, such as what a spreadsheet keeps beside an open one.
func hidden(base string) bool { return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") }
