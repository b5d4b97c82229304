package sealed

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dajiuzhu/internal/fault"
)

// Environment names the variable that holds the keys instead of a file: the file's text, with semicolons for its line ends if need be.
const Environment = "DAJIUZHU_KEYS"

// Use is what a key is for.
type Use string

// The uses of a key.
const (
	Sealing   Use = "seal"
	Digesting Use = "digest"
)

var (
	noFile = fault.Text{
		Key: "sealed.no-file",
		Zh:  "没有密钥文件{path}。第一次使用请生成密钥；若数据库里已有数据，请从备份取回原来的密钥文件，不要新生成",
		En:  "there is no key file {path}: make one for a new platform; if the database holds data already, bring its key file back from a backup and do not make another",
	}
	fileExists = fault.Text{
		Key: "sealed.file-exists",
		Zh:  "密钥文件{path}已存在，不会覆盖：没有它，已加密的数据就再也打不开",
		En:  "the key file {path} exists and is not written over: without it, what is sealed would never open again",
	}
	readable = fault.Text{
		Key: "sealed.readable",
		Zh:  "密钥文件{path}的权限是{mode}，别的用户也能读写。请改为0600（chmod 600），并考虑更换密钥",
		En:  "others may read or write the key file {path} (mode {mode}); make it 0600 (chmod 600) and consider new keys",
	}
	badLine = fault.Text{
		Key: "sealed.bad-line",
		Zh:  "这一行不是密钥：应为“seal 编号 密钥”或“digest 编号 密钥”，密钥是32字节的Base64。请从备份恢复该文件",
		En:  `this line is not a key: it must be "seal ID KEY" or "digest ID KEY", the key being 32 bytes in Base64; restore the file from a backup`,
	}
	twice = fault.Text{
		Key: "sealed.twice",
		Zh:  "{use}的{id}号密钥出现两次。请从备份恢复该文件",
		En:  "key {id} to {use} is there twice; restore the file from a backup",
	}
	lacking = fault.Text{
		Key: "sealed.lacking",
		Zh:  "{path}里没有用途为{use}的密钥。请从备份恢复该文件",
		En:  "{path} holds no key to {use}; restore it from a backup",
	}
	notThere = fault.Text{
		Key: "sealed.not-there",
		Zh:  "{path}里没有用途为{use}的{id}号密钥",
		En:  "{path} holds no key {id} to {use}",
	}
	newest = fault.Text{
		Key: "sealed.newest",
		Zh:  "{id}号密钥是用途为{use}的最新密钥，正在使用，不能删除。请先添加新密钥，并把数据全部改用新密钥",
		En:  "key {id} is the newest to {use} and in use: add a new one and move all data to it first",
	}
)

// fileHead tells who opens the file what it is.
const fileHead = "# Keys of dajiuzhu. Without this file the sealed data never open again: keep a copy apart from the database's backups.\n"

// line is a key as the file has it.
type line struct {
	use Use
	id  uint32
	key []byte
}

// LoadKeys reads the keys: from the environment ([Environment]) if that holds any, otherwise from the file, which only its owner may read.
func LoadKeys(path string) (*Keys, error) {
	if text := os.Getenv(Environment); text != "" {
		return parseKeys("$"+Environment, strings.ReplaceAll(text, ";", "\n"))
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(path, text)
	if err != nil {
		return nil, err
	}
	keys.later.path = path
	return keys, nil
}

// later are the keys of a file that were added to it after it was read: what another program, begun since, has sealed.
type later struct {
	path string // "" of keys that come from no file
	mu   sync.Mutex
	read time.Time
	keys []sealingKey
}

// rereadEvery is how often a key file is read again at most, so that values of which the key is gone do not keep the disk busy.
const rereadEvery = time.Second

// key is the key of an id that was not there, from the file as it is now. A file that cannot be read has none.
func (l *later) key(id uint32) (sealingKey, bool) {
	if l.path == "" {
		return sealingKey{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	find := func() int { return slices.IndexFunc(l.keys, func(k sealingKey) bool { return k.id == id }) }
	if find() < 0 && time.Since(l.read) >= rereadEvery {
		l.read = time.Now()
		l.reread()
	}
	if i := find(); i >= 0 {
		return l.keys[i], true
	}
	return sealingKey{}, false
}

func (l *later) reread() {
	lines, err := parseFile(l.path)
	if err != nil {
		return
	}
	l.keys = l.keys[:0]
	for _, line := range lines {
		if line.use == Sealing {
			l.keys = append(l.keys, newSealingKey(line.id, line.key))
		}
	}
}

// readFile reads the key file, if nobody else may.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.New(fault.NotFound, noFile, fault.Args{"path": path})
	}
	if err != nil {
		return "", fmt.Errorf("opening the key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("looking at the key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fault.New(fault.Forbidden, readable, fault.Args{"path": path, "mode": fmt.Sprintf("%04o", info.Mode().Perm())})
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("reading the key file: %w", err)
	}
	return string(content), nil
}

// parseKeys reads the text of a key file; where names it in faults, which never show a line.
func parseKeys(where, text string) (*Keys, error) {
	lines, err := parse(where, text)
	if err != nil {
		return nil, err
	}
	k := &Keys{random: rand.Reader}
	for _, l := range lines {
		switch l.use {
		case Sealing:
			k.sealing = append(k.sealing, newSealingKey(l.id, l.key))
		case Digesting:
			k.digests = append(k.digests, newDigestKey(l.id, l.key))
		}
	}
	return k, nil
}

// parse is the keys of a file by use and id. There is at least one of each use.
func parse(where, text string) ([]line, error) {
	var lines []line
	for i, s := range strings.Split(text, "\n") {
		s = strings.TrimSpace(s)
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		l, ok := parseLine(s)
		if !ok {
			return nil, fault.New(fault.Invalid, badLine, nil).In(fault.At{File: where, Line: i + 1})
		}
		if find(lines, l.use, l.id) >= 0 {
			return nil, fault.New(fault.Invalid, twice, fault.Args{"use": l.use, "id": l.id}).In(fault.At{File: where, Line: i + 1})
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Or(-cmp.Compare(a.use, b.use), cmp.Compare(a.id, b.id)) })
	for _, use := range []Use{Sealing, Digesting} {
		if newestOf(lines, use) == 0 {
			return nil, fault.New(fault.Invalid, lacking, fault.Args{"path": where, "use": use})
		}
	}
	return lines, nil
}

func parseLine(s string) (line, bool) {
	parts := strings.Fields(s)
	if len(parts) != 3 || parts[0] != string(Sealing) && parts[0] != string(Digesting) {
		return line{}, false
	}
	id, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil || id == 0 {
		return line{}, false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != keySize {
		return line{}, false
	}
	return line{Use(parts[0]), uint32(id), key}, true
}

// find is the index of a key, -1 if it is not there.
func find(lines []line, use Use, id uint32) int {
	return slices.IndexFunc(lines, func(l line) bool { return l.use == use && l.id == id })
}

// newestOf is the highest id of a use, 0 if there is none.
func newestOf(lines []line, use Use) uint32 {
	var id uint32
	for _, l := range lines {
		if l.use == use {
			id = max(id, l.id)
		}
	}
	return id
}

// GenerateKeys makes a key file with the first key of each use. It refuses to write over one.
func GenerateKeys(path string) error {
	temp, err := writeTemp(path, []line{newLine(Sealing, 1), newLine(Digesting, 1)})
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, fileExists, fault.Args{"path": path})
	} else if err != nil {
		return fmt.Errorf("making the key file: %w", err)
	}
	return nil
}

var inEnvironment = fault.Text{
	Key: "sealed.in-environment",
	Zh:  "密钥来自环境变量{variable}，不在文件里。请在设置它的地方添加或删除密钥",
	En:  "the keys come from the variable {variable} and from no file: add or remove keys where it is set",
}

// AddKey adds a key to a file and returns its id. Programs that start from now on seal with it; those that run go on with the one they began
// with, and open what the others seal, so long as they share the file.
func AddKey(path string, use Use) (id uint32, err error) {
	lines, err := parseFile(path)
	if err != nil {
		return 0, err
	}
	id = newestOf(lines, use) + 1
	return id, writeFile(path, append(lines, newLine(use, id)))
}

// DropKey removes a key that nothing is sealed or digested with any more, which the caller has made sure of. The newest of a use stays.
func DropKey(path string, use Use, id uint32) error {
	lines, err := parseFile(path)
	if err != nil {
		return err
	}
	i := find(lines, use, id)
	if i < 0 {
		return fault.New(fault.NotFound, notThere, fault.Args{"path": path, "use": use, "id": id})
	}
	if id == newestOf(lines, use) {
		return fault.New(fault.Conflict, newest, fault.Args{"use": use, "id": id})
	}
	return writeFile(path, slices.Delete(lines, i, i+1))
}

func parseFile(path string) ([]line, error) {
	if os.Getenv(Environment) != "" {
		return nil, fault.New(fault.Conflict, inEnvironment, fault.Args{"variable": Environment})
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, text)
}

// newLine draws a key.
func newLine(use Use, id uint32) line {
	key := make([]byte, keySize)
	rand.Read(key)
	return line{use, id, key}
}

// writeFile puts the keys in the place of those in the file, all at once.
func writeFile(path string, lines []line) error {
	temp, err := writeTemp(path, lines)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(fmt.Errorf("replacing the key file: %w", err), os.Remove(temp))
	}
	return nil
}

// writeTemp writes the keys to a new file beside path, which only its owner may read, and returns its name.
func writeTemp(path string, lines []line) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("making the folder of the key file: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".keys")
	if err != nil {
		return "", fmt.Errorf("writing the key file: %w", err)
	}
	content := bytes.NewBufferString(fileHead)
	for _, l := range lines {
		fmt.Fprintf(content, "%s %d %s\n", l.use, l.id, base64.StdEncoding.EncodeToString(l.key))
	}
	_, err = file.Write(content.Bytes())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("writing the key file: %w", err), os.Remove(file.Name()))
	}
	return file.Name(), nil
}
