// Package packs holds the policy packs that come with the program.
package packs

import (
	"embed"
	"io/fs"
)

//go:embed dezhou
var files embed.FS

// Dezhou is the pack of the city of Dezhou.
func Dezhou() fs.FS {
	sub, err := fs.Sub(files, "dezhou")
	if err != nil {
		panic("packs: the pack is embedded under this name: " + err.Error())
	}
	return sub
}
