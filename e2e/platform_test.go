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
	url      string
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
	return p, p.serve()
}

func today() string { return time.Now().In(time.FixedZone("UTC+8", 8*60*60)).Format(time.DateOnly) }

func (p *platform) path(name string) string { return filepath.Join(p.dir, name) }
func (p *platform) binary() string          { return p.path("dajiuzhu") }

// serve starts the program and waits until it is ready and everybody was determined once.
func (p *platform) serve() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	p.url = fmt.Sprintf("http://localhost:%d", port)
	if err := os.MkdirAll(p.path("watched"), 0o755); err != nil {
		return err
	}
	if p.log, err = os.Create(p.path("log")); err != nil {
		return err
	}
	p.command = exec.Command(p.binary(), "serve", "--data", p.path("data"), "--demo", p.path("county"), "--watch", p.path("watched"),
		"--listen", fmt.Sprintf("localhost:%d", port), "--metrics", "", "--site", p.url)
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		return err
	}
	if err := p.read(out); err != nil {
		return errors.Join(err, p.stop())
	}
	return p.determined()
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

// stop ends the program as an operator does, and removes everything.
func (p *platform) stop() error {
	if p.command.Process != nil {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.finished:
		case <-time.After(30 * time.Second):
			_ = p.command.Process.Kill()
		}
	}
	_ = p.log.Close()
	return os.RemoveAll(p.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
