package postgres

import (
	"errors"
	"os"
)

// largestLog is about how many bytes a file of the server's log has; there is one before it.
const largestLog = 1 << 20

// logFile is where the server's words are kept, which by its settings hold no statement and no parameter. It is bounded: when it is full it
// becomes the one before, whose words go.
type logFile struct {
	path string
	file *os.File
	size int64
}

// write keeps some words. A log that cannot be written stops nothing: the server runs on, and what it said last is kept in memory.
func (l *logFile) write(p []byte) {
	if l.file == nil && l.open() != nil {
		return
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	if err != nil || l.size >= largestLog {
		_ = errors.Join(l.file.Close(), os.Rename(l.path, l.path+".1"))
		l.file = nil
	}
}

func (l *logFile) close() {
	if l.file != nil {
		_ = l.file.Close() // what it was to hold is in memory as well
		l.file = nil
	}
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}
