package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var (
	noFolder = fault.Text{Key: "feed.no-folder",
		Zh: "文件夹“{found}”打不开", En: `the folder "{found}" cannot be opened`}
	emptyFolder = fault.Text{Key: "feed.empty-folder",
		Zh: "文件夹里没有部门数据：应有清单（*.manifest.json）和数据文件（csv、xlsx、jsonl、parquet）",
		En: "the folder holds no deliveries: manifests (*.manifest.json) beside data files (csv, xlsx, jsonl, parquet) are expected"}
	namelessFeed = fault.Text{Key: "feed.nameless-feed",
		Zh: "没有清单提到这个文件，文件名也不以数据来源的名称开头；最接近的是“{nearest}”",
		En: `no manifest names this file and its name begins with no feed's id; the nearest is "{nearest}"`}
	fileMissing = fault.Text{Key: "feed.file-missing",
		Zh: "清单列出的文件不存在", En: "the manifest names this file and it is not there"}
	fileTwice = fault.Text{Key: "feed.file-twice",
		Zh: "这个文件已由清单“{found}”列出", En: `the manifest "{found}" names this file already`}
	manifestFaulty = fault.Text{Key: "feed.manifest-faulty",
		Zh: "清单“{found}”有误，文件未使用", En: `its manifest "{found}" is faulty: the file is not used`}
	rowsUnbalanced = fault.Text{Key: "feed.rows-unbalanced",
		Zh: "清单写明{expected}行，文件有{found}行，整个文件未使用", En: "the manifest says {expected} rows and the file has {found}: nothing of it is used"}
	sumUnbalanced = fault.Text{Key: "feed.sum-unbalanced",
		Zh: "清单写明合计{expected}，文件合计{found}，整个文件未使用", En: "the manifest says the sum is {expected} and the file's is {found}: nothing of it is used"}
)

// Limits of what one file may ask of the machine.
const (
	defaultRow      = 1 << 20 // bytes of one row of text
	defaultUnzipped = 4 << 30 // bytes that a workbook may unpack to; sheets are unpacked to disk
	defaultWorkbook = 512 << 20
	manifestSize    = 1 << 20
)

// Options are how a folder is read. The zero value is right for deliveries.
type Options struct {
	Row      int                             // the longest row of a text file in bytes; 0: 1 MiB
	Unzipped int64                           // the most that an XLSX file may unpack to; 0: 4 GiB
	Progress func(file string, done, of int) // is told of every file before it is read, one at a time: so many of so many were begun before
}

// Open reads a folder of the disk. Links that lead out of it are not followed.
func Open(ctx context.Context, p *pack.Pack, dir string, o Options) (*Set, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.New(fault.NotFound, noFolder, fault.Args{"found": dir}).Because(err)
	}
	set, err := Read(ctx, p, root.FS(), o)
	return set, errors.Join(err, root.Close())
}

// Read reads a folder and those in it. The error is about the folder itself; what is wrong with manifests, files and rows is
// in the set.
func Read(ctx context.Context, p *pack.Pack, fsys fs.FS, o Options) (*Set, error) {
	o.Row = cmp.Or(o.Row, defaultRow)
	o.Unzipped = cmp.Or(o.Unzipped, defaultUnzipped)
	r := &reader{ctx: ctx, pack: p, fsys: fsys, options: o, set: &Set{}}
	for _, f := range p.Feeds {
		r.set.Tables = append(r.set.Tables, newTable(p, f))
	}
	jobs, err := r.discover()
	if err != nil {
		return nil, err
	}
	if err := r.runAll(jobs); err != nil {
		return nil, err
	}
	r.set.sort()
	r.set.Faults.Sort()
	return r.set, nil
}

// reader reads one folder.
type reader struct {
	ctx     context.Context
	pack    *pack.Pack
	fsys    fs.FS
	options Options
	set     *Set
	hand    func(*Table, []*Reject) error // takes what was read of a file, piece by piece; nil where all is kept in the set
}

// job is a file to be read.
type job struct {
	file     *File
	declared *manifestFile // nil without a manifest
	format   string
	encoding string // "" is to be guessed
}

// discover finds manifests and data files and says in which order they are read: by feed, the latest delivery first, what
// has no manifest last.
func (r *reader) discover() ([]*job, error) {
	manifests, data, err := r.list()
	if err != nil {
		return nil, err
	}
	if len(manifests)+len(data) == 0 {
		return nil, fault.New(fault.Invalid, emptyFolder, nil)
	}
	claimed := map[string]string{} // file to manifest
	var jobs []*job
	for _, name := range manifests {
		more, err := r.manifest(name, data, claimed)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, more...)
	}
	for _, name := range data {
		if claimed[name] == "" {
			jobs = append(jobs, r.stray(name)...)
		}
	}
	r.order(jobs)
	return jobs, nil
}

func (r *reader) list() (manifests, data []string, err error) {
	err = fs.WalkDir(r.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		switch {
		case d.IsDir() && hidden(base) && name != ".":
			return fs.SkipDir
		case d.IsDir():
		case hidden(base) || !d.Type().IsRegular():
			r.set.Ignored = append(r.set.Ignored, name)
		case strings.HasSuffix(base, manifestSuffix):
			manifests = append(manifests, name)
		case formatOf(base) != "":
			data = append(data, name)
		default:
			r.set.Ignored = append(r.set.Ignored, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing the folder: %w", err)
	}
	return manifests, data, nil
}

// manifest reads a manifest and makes the jobs of its files.
func (r *reader) manifest(name string, data []string, claimed map[string]string) ([]*job, error) {
	content, err := r.small(name)
	if err != nil {
		return nil, err
	}
	m := readManifest(r.pack, name, content)
	r.set.Faults = append(r.set.Faults, m.faults...)
	faulty := len(m.faults) > 0
	d := m.delivery
	d.Whole = !faulty
	if !faulty {
		r.set.Deliveries = append(r.set.Deliveries, d)
	}
	var jobs []*job
	for i := range m.files {
		f := &m.files[i]
		if earlier := claimed[f.path]; earlier != "" {
			d.Whole = false
			r.set.Faults = append(r.set.Faults, fault.New(fault.Invalid, fileTwice, fault.Args{"found": earlier}).In(fault.At{File: f.path}))
			continue
		}
		claimed[f.path] = name
		file := &File{Name: f.path, Feed: d.Feed, Delivery: d}
		d.Files = append(d.Files, file)
		switch {
		case faulty:
			r.refuse(file, fault.New(fault.Invalid, manifestFaulty, fault.Args{"found": name}))
		case !slices.Contains(data, f.path):
			r.refuse(file, fault.New(fault.Invalid, fileMissing, nil))
		default:
			jobs = append(jobs, &job{file: file, declared: f, format: f.format, encoding: f.encoding})
		}
	}
	if faulty && len(m.files) == 0 {
		r.claimByName(name, data, claimed)
	}
	return jobs, nil
}

// claimByName keeps the files that a manifest is named after from being read as if they had none.
func (r *reader) claimByName(manifest string, data []string, claimed map[string]string) {
	stem := strings.TrimSuffix(manifest, manifestSuffix)
	for _, name := range data {
		if claimed[name] == "" && strings.HasPrefix(name, stem) {
			claimed[name] = manifest
			r.refuse(&File{Name: name}, fault.New(fault.Invalid, manifestFaulty, fault.Args{"found": manifest}))
		}
	}
}

func (r *reader) small(name string) ([]byte, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening a manifest: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(f, manifestSize))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	return content, nil
}

// stray makes the job of a file without a manifest: the feed with the longest id that its name begins with.
func (r *reader) stray(name string) []*job {
	base, best := path.Base(name), (*pack.Feed)(nil)
	for _, f := range r.pack.Feeds {
		if strings.HasPrefix(base, f.ID) && (best == nil || len(f.ID) > len(best.ID)) {
			best = f
		}
	}
	file := &File{Name: name, Feed: best}
	if best == nil {
		stem := strings.TrimSuffix(base, path.Ext(base))
		r.refuse(file, fault.New(fault.Invalid, namelessFeed, fault.Args{"nearest": fault.Nearest(stem, feedIDs(r.pack))}))
		return nil
	}
	return []*job{{file: file, format: formatOf(name)}}
}

func (r *reader) order(jobs []*job) {
	place := map[*pack.Feed]int{}
	for i, f := range r.pack.Feeds {
		place[f] = i
	}
	slices.SortStableFunc(jobs, func(a, b *job) int {
		return cmp.Or(
			cmp.Compare(place[a.file.Feed], place[b.file.Feed]),
			-cmp.Compare(a.file.delivered(), b.file.delivered()),
			cmp.Compare(a.file.Name, b.file.Name))
	})
}

// delivered is the day on which a file was delivered, before all days if no manifest tells.
func (f *File) delivered() calendar.Date {
	if f.Delivery == nil {
		return calendar.Beginning
	}
	return f.Delivery.Delivered
}

// refuse keeps a file out. Its rows, if they were counted, are all rejected.
func (r *reader) refuse(f *File, why *fault.Error) {
	at := why.At
	at.File = f.Name
	f.Refused = why.In(at)
	f.Used, f.Rejected = 0, f.Rows
	if f.Delivery != nil {
		f.Delivery.Whole = false
	}
	r.set.Files = append(r.set.Files, f)
	r.set.Faults = append(r.set.Faults, f.Refused)
}

// runAll reads the files, feed by feed: those of one feed in their order, since which of them count depends on those before,
// and several feeds at a time. What comes of it stands in the order of feeds, however they were read.
func (r *reader) runAll(jobs []*job) error {
	var feeds [][]*job
	for i, j := range jobs {
		if i == 0 || j.file.Feed != jobs[i-1].file.Feed {
			feeds = append(feeds, nil)
		}
		feeds[len(feeds)-1] = append(feeds[len(feeds)-1], j)
	}
	tell := r.teller(len(jobs))
	parts, errs := make([]*Set, len(feeds)), make([]error, len(feeds))
	next := make(chan int)
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(feeds)) {
		workers.Go(func() {
			for i := range next {
				parts[i] = &Set{Deliveries: r.set.Deliveries, Tables: r.set.Tables}
				part := &reader{ctx: r.ctx, pack: r.pack, fsys: r.fsys, options: r.options, set: parts[i]}
				if errs[i] = part.runFeed(feeds[i], tell, &failed); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	for i := range feeds {
		next <- i
	}
	close(next)
	workers.Wait()
	for i, part := range parts {
		if errs[i] != nil {
			return errs[i]
		}
		r.set.Files = append(r.set.Files, part.Files...)
		r.set.Rejects = append(r.set.Rejects, part.Rejects...)
		r.set.Faults = append(r.set.Faults, part.Faults...)
	}
	return nil
}

// runFeed reads the files of one feed and settles its rows; it stops where reading another feed has failed.
func (r *reader) runFeed(jobs []*job, tell func(file string), failed *atomic.Bool) error {
	for _, j := range jobs {
		if failed.Load() {
			return nil
		}
		tell(j.file.Name)
		if err := r.run(j); err != nil {
			return err
		}
	}
	r.settle(r.set.Table(jobs[0].file.Feed.ID))
	return nil
}

// teller tells of every file before it is read, one at a time.
func (r *reader) teller(files int) func(file string) {
	var mutex sync.Mutex
	told := 0
	return func(file string) {
		mutex.Lock()
		defer mutex.Unlock()
		if r.options.Progress != nil {
			r.options.Progress(file, told, files)
		}
		told++
	}
}

// run reads one file. Its rows go in only if the whole of it balances.
func (r *reader) run(j *job) error {
	if d := j.file.Delivery; d != nil {
		if d.Replaced = Replacement(r.set.Deliveries, d); d.Replaced != nil {
			return nil
		}
	}
	src, closer, defect := r.open(j)
	if defect != nil {
		r.refuse(j.file, defect)
		return nil
	}
	table := r.set.Table(j.file.Feed.ID)
	rowsBefore, rejectsBefore := table.Len(), len(r.set.Rejects)
	defect, err := r.rows(j, src, table)
	if err := errors.Join(err, closer()); err != nil {
		return fmt.Errorf("reading %s: %w", j.file.Name, err)
	}
	if defect != nil {
		table.truncate(rowsBefore)
		r.set.Rejects = r.set.Rejects[:rejectsBefore]
		r.refuse(j.file, defect)
		return nil
	}
	r.set.Files = append(r.set.Files, j.file)
	return nil
}

// Replacement is a whole delivery, later than d, of the same feed for all its areas and days, nil for none. Of the later ones it must be
// known whether they are replaced themselves: deliveries are asked the latest first.
func Replacement(deliveries []*Delivery, d *Delivery) *Delivery {
	for _, later := range deliveries {
		if later.Feed != d.Feed || later.Delivered <= d.Delivered || !later.Whole || later.Replaced != nil {
			continue
		}
		if later.Period.From > d.Period.From || later.Period.To < d.Period.To {
			continue
		}
		inside := true
		for _, a := range d.Areas {
			inside = inside && later.Covers(a)
		}
		if inside {
			return later
		}
	}
	return nil
}

// open opens a data file as a source of rows.
func (r *reader) open(j *job) (source, func() error, *fault.Error) {
	f, err := r.fsys.Open(j.file.Name)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	src, defect := r.source(j, f)
	if defect != nil {
		_ = f.Close() // the defect says more
		return nil, nil, defect
	}
	return src, func() error {
		if s, ok := src.(interface{ close() }); ok {
			s.close()
		}
		return f.Close()
	}, nil
}

func (r *reader) source(j *job, f fs.File) (source, *fault.Error) {
	switch j.format {
	case formatCSV:
		s, defect := newCSV(f, j.encoding, r.options.Row)
		return s, defect
	case formatJSON:
		s, defect := newJSON(f, j.file.Feed, j.encoding, r.options.Row)
		return s, defect
	case formatXLSX:
		content, err := io.ReadAll(io.LimitReader(f, defaultWorkbook+1))
		if err != nil {
			return nil, unreadable(err)
		}
		if len(content) > defaultWorkbook {
			return nil, fault.New(fault.Invalid, fileTooLarge, fault.Args{"limit": defaultWorkbook})
		}
		s, defect := newXLSX(content, r.options.Unzipped)
		return s, defect
	}
	at, size, defect := randomAccess(f)
	if defect != nil {
		return nil, defect
	}
	s, defect := newParquet(at, size)
	return s, defect
}

func randomAccess(f fs.File) (io.ReaderAt, int64, *fault.Error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, unreadable(err)
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, 0, unreadable(errors.New("the file system has no random access"))
	}
	return at, info.Size(), nil
}

// rows reads a file's rows into the table and the rejects. A defect refuses the file.
func (r *reader) rows(j *job, src source, table *Table) (*fault.Error, error) {
	file := j.file
	file.header = trimHeader(src.header())
	m, missing, faults := mapHeader(r.pack, file.Feed, file.header)
	if len(faults) > 0 {
		return headerFault(file, faults, &r.set.Faults), nil
	}
	file.Missing = missing
	if s, ok := src.(*xlsxSource); ok {
		m.sheet = s
		file.Formulas += s.formulas
	}
	sums := newSums(j.declared)
	values := make([]value, len(file.Feed.Columns))
	for {
		if file.Rows%pieceRows == 0 {
			if err := r.handOver(table); err != nil {
				return nil, err
			}
		}
		cells, defect, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return brokenOff(j.format, err), nil
		}
		file.Rows++
		if defect != nil {
			sums.lose()
			r.reject(file, fault.List{defect}, table.about, nil, cells)
			continue
		}
		wrong := m.read(cells, values)
		sums.add(values, wrong, file.Feed)
		if len(wrong) > 0 {
			r.reject(file, wrong, table.about, values, cells)
			continue
		}
		file.Formulas += formulas(file.Feed, values)
		file.Used++
		table.append(file, file.Rows, values)
	}
	if defect := r.balance(j, sums); defect != nil {
		return defect, nil
	}
	return nil, r.handOver(table)
}

// headerFault is the first of a header's faults, which refuses the file; the others are listed beside it.
func headerFault(file *File, faults fault.List, others *fault.List) *fault.Error {
	for _, f := range faults[1:] {
		*others = append(*others, f.In(fault.At{File: file.Name}))
	}
	return faults[0]
}

func brokenOff(format string, err error) *fault.Error {
	switch format {
	case formatXLSX:
		return fault.New(fault.Invalid, badXLSX, nil).Because(err)
	case formatParquet:
		return fault.New(fault.Invalid, badParquet, nil).Because(err)
	}
	return unreadable(err)
}

func (r *reader) reject(file *File, faults fault.List, about []int, values []value, cells []string) {
	for i, f := range faults {
		faults[i] = f.In(fault.At{File: file.Name, Row: file.Rows, Field: f.At.Field})
	}
	file.Rejected++
	reject := &Reject{File: file, Row: file.Rows, Faults: faults, cells: slices.Clone(cells)}
	for _, i := range about {
		if values == nil || values[i].id.IsZero() {
			reject.Unplaced = true
			continue
		}
		reject.Persons = append(reject.Persons, values[i].id)
	}
	reject.count()
	r.set.Rejects = append(r.set.Rejects, reject)
}

func formulas(f *pack.Feed, values []value) int {
	n := 0
	for i, c := range f.Columns {
		if c.Type == typeText && formula(values[i].text) {
			n++
		}
	}
	return n
}

// settle sets aside the rows of a table that are there more than once.
func (r *reader) settle(t *Table) {
	everything := make([]int, len(t.columns))
	var keys []int
	for i, c := range t.Feed.Columns {
		everything[i] = i
		if c.Key {
			keys = append(keys, i)
		}
	}
	if len(keys) == 0 {
		keys = everything
	}
	for _, group := range t.duplicates(keys) {
		r.settleGroup(t, group, everything)
	}
}
