package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// people of the sample county: few, so that it is there in seconds, and the Guozhai family is among them.
const people = "1500"

// platform is the program, serving a sample county.
type platform struct {
	dir      string // of everything: binary, database, keys, the county, the folder that is watched
	port     int
	url      string
	days     int               // by which its clock is ahead
	first    map[string]string // first passwords, by login
	command  *exec.Cmd
	log      *os.File
	finished chan error
}

var shared struct {
	sync.Once
	platform *platform
	err      error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, member := range cast {
		member.leave()
	}
	if shared.platform != nil {
		if err := shared.platform.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// served is the one platform of all tests, started by the first.
func served(t testing.TB) *platform {
	t.Helper()
	shared.Do(func() { shared.platform, shared.err = start() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.platform
}

// start builds, makes a county, and serves it.
func start() (*platform, error) {
	dir, err := os.MkdirTemp("", "dajiuzhu-e2e-")
	if err != nil {
		return nil, err
	}
	p := &platform{dir: dir, first: map[string]string{}, finished: make(chan error, 1)}
	if err := os.Chmod(dir, 0o755); err != nil { // the built-in server runs as another than root
		return nil, err
	}
	for _, step := range [][]string{
		{"go", "build", "-o", p.binary(), "dajiuzhu/cmd/dajiuzhu"},
		{p.binary(), "synth", "--out", p.path("county"), "--people", people, "--on", today()},
		{p.binary(), "key", "generate", "--data", p.path("data")},
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(step, " "), err, out)
		}
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	p.url = fmt.Sprintf("http://localhost:%d", p.port)
	if err := os.MkdirAll(p.path("watched"), 0o755); err != nil {
		return nil, err
	}
	if err := p.serve(); err != nil {
		return nil, err
	}
	return p, p.determined()
}

func today() string { return time.Now().In(time.FixedZone("UTC+8", 8*60*60)).Format(time.DateOnly) }

func (p *platform) path(name string) string { return filepath.Join(p.dir, name) }
func (p *platform) binary() string          { return p.path("dajiuzhu") }

// serve starts the program and waits until it is ready. First passwords last as long as tests put the clock forward.
func (p *platform) serve() (err error) {
	if p.log, err = os.Create(p.path("log")); err != nil {
		return err
	}
	p.command = exec.Command(p.binary(), "serve", "--data", p.path("data"), "--demo", p.path("county"), "--watch", p.path("watched"), "--messages-to", p.path("messages"),
		"--listen", fmt.Sprintf("localhost:%d", p.port), "--metrics", "", "--site", p.url, "--first-password", "9000h", "--ahead", strconv.Itoa(p.days))
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		return err
	}
	if err := p.read(out); err != nil {
		return errors.Join(err, p.end())
	}
	return nil
}

// now is the time by the platform's clock.
func (p *platform) now() time.Time { return time.Now().AddDate(0, 0, p.days) }

// ahead puts the platform's clock forward by some days more: it is ended and started anew, and everybody has to sign in again. There is no way
// back, so that a test names days by p.now.
func (p *platform) ahead(t testing.TB, days int) {
	t.Helper()
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	p.days += days
	if err := p.serve(); err != nil {
		t.Fatal(err)
	}
}

// account makes an account with a posting, unless there is one, as an operator does.
func (p *platform) account(t testing.TB, login, name, role, area, department string) {
	t.Helper()
	if p.first[login] != "" {
		return
	}
	said := p.run(t, "user", "add", login, "--data", p.path("data"), "--first-password", "9000h", "--name", name, "--area", area)
	p.first[login] = strings.Fields(said)[1]
	p.posting(t, login, role, area, department)
}

// posting gives an account one posting more.
func (p *platform) posting(t testing.TB, login, role, area, department string) {
	t.Helper()
	p.run(t, "user", "posting", login, role, area, "--data", p.path("data"), "--department", department)
}

// run runs the program once more, beside itself, and gives what it printed.
func (p *platform) run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(p.binary(), args...).Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			out = append(out, ended.Stderr...)
		}
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// read takes the first passwords from what the program prints until it is ready, and lets it print on.
func (p *platform) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	var said bytes.Buffer
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		words := strings.Fields(lines.Text())
		switch {
		case len(words) >= 3 && words[0] == "account":
			p.first[words[1]] = words[2]
		case lines.Text() == "ready":
			go func() {
				_, _ = io.Copy(io.Discard, out)
				p.finished <- p.command.Wait()
			}()
			return nil
		}
	}
	log, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("the program ended before it was ready: %w\n%s%s", p.command.Wait(), said.String(), log)
}

// determined waits until the county's households have been determined: its first import touches all of it.
func (p *platform) determined() error {
	return p.until("everybody is determined", func() (bool, error) {
		log, err := os.ReadFile(p.log.Name())
		return bytes.Contains(log, []byte(`"kind":"screening.nightly"`)), err
	})
}

// until asks until something is so, for two minutes at most.
func (p *platform) until(what string, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		is, err := so()
		if err != nil || is {
			return err
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(p.log.Name())
			return fmt.Errorf("it did not come about that %s; the program's log:\n%s", what, log)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// end ends the program as an operator does.
func (p *platform) end() (err error) {
	if p.command.Process != nil {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-p.finished:
		case <-time.After(30 * time.Second):
			err = errors.Join(errors.New("the program did not end when it was told to"), p.command.Process.Kill())
		}
	}
	return errors.Join(err, p.log.Close())
}

// stop ends the program and removes everything.
func (p *platform) stop() error { return errors.Join(p.end(), os.RemoveAll(p.dir)) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
