package witness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"dajiuzhu/internal/fault"
)

// lockFolder takes a folder for this program, until it ends: two that check at the same time could cosign two trees of one size.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the folder of a witness: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fault.New(fault.Conflict, inUse, fault.Args{"dir": dir}), f.Close())
	}
	return f, nil
}
