package postgres

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/fault"
)

var diskFull = fault.Text{
	Key: "postgres.disk-full",
	Zh:  "磁盘满了，数据库不能启动（目录{dir}所在的磁盘还剩{left}兆字节）。请腾出空间或换一个更大的磁盘，再启动；已提交的数据没有丢",
	En:  "the disk is full, and the database cannot start ({left} megabytes are left where folder {dir} is): make room or move to a larger disk, and start again; what was committed is not lost",
}

// noSpace is how the server's programs, which speak English here, say that the disk is full.
const noSpace = "No space left on device"

// told is why the own server does not start: that the disk is full comes in many words, of which none says what to do.
func told(err error, dir string) error {
	var refused *pgconn.PgError
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.As(err, &refused) && refused.Code == "53100" ||
		strings.Contains(err.Error(), noSpace)
	if !full {
		return err
	}
	if absolute, failed := filepath.Abs(dir); failed == nil {
		dir = absolute
	}
	return fault.New(fault.Unready, diskFull, fault.Args{"dir": dir, "left": left(dir)}).Because(err)
}

// left is how many megabytes are left to others than root where a folder is, 0 if that cannot be told.
func left(dir string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0
	}
	return int64(s.Bavail) * s.Bsize >> 20
}
