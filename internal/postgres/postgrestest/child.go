package postgrestest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// AsChild is whether the test binary was begun as a child that is to do something and be killed, see [Kill]: then do is run, which prints
// "begins" when it does, and the process ends. It is called first in TestMain.
func AsChild(word string, do func() error) {
	if os.Getenv(word) == "" {
		return
	}
	if err := do(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Kill begins the test binary as a child with a word and more in its environment, and kills it some time after it begins; false if it was through
// before.
func Kill(t testing.TB, word string, after time.Duration, environment ...string) bool {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(append(os.Environ(), word+"=1"), environment...)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "begins" {
		t.Error(lines.Text())
	}
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	return child.Wait() != nil
}
