package notification

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Folder writes what would be sent into a file, a line each, with masked addresses: for demonstrations and training.
type Folder struct {
	path string
	mu   sync.Mutex
}

// NewFolder is a carrier that writes into a file of a folder: "sms.jsonl".
func NewFolder(folder, name string) (*Folder, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of what would be sent: %w", err)
	}
	return &Folder{path: filepath.Join(folder, name)}, nil
}

// Send writes a parcel's line.
func (f *Folder) Send(_ context.Context, p Parcel) (string, error) {
	line, err := json.Marshal(struct {
		ID    int64  `json:"id"`
		To    string `json:"to"`
		Title string `json:"title,omitempty"`
		Text  string `json:"text"`
	}{p.ID, p.Address.Masked(), p.Title, p.Text})
	if err != nil {
		return "", Refused(fmt.Errorf("writing what would be sent: %w", err))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("opening the file of what would be sent: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if failed := file.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return "", fmt.Errorf("writing what would be sent: %w", err)
	}
	return "file-" + strconv.FormatInt(p.ID, 10), nil
}
