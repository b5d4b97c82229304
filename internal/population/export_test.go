package population

import "io"

// SaveThrough saves with files that a test makes.
func (c *Columns) SaveThrough(dir string, create func(path string) (io.WriteCloser, error)) error {
	return c.save(dir, create)
}
