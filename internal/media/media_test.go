package media_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"dajiuzhu/internal/media"
)

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file is what its content says, and one that says otherwise, or breaks off, is none.
func TestOf(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, 4, 4))
	photo := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture, nil) })
	drawing := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture) })
	webp := []byte("RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00some image")
	document := []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
	for _, test := range []struct {
		name    string
		content []byte
		want    string
		whole   bool
	}{
		{"a photograph", photo, media.JPEG, true},
		{"a drawing", drawing, media.PNG, true},
		{"a WebP", webp, media.WebP, true},
		{"a document", document, media.PDF, true},
		{"a photograph that broke off", photo[:len(photo)-4], media.JPEG, false},
		{"a drawing that broke off", drawing[:len(drawing)-4], media.PNG, false},
		{"a document that broke off", document[:len(document)-8], media.PDF, false},
		{"a page", []byte("<html><script>alert(1)</script>"), "", false},
		{"a program", []byte("MZ\x90\x00"), "", false},
		{"a document behind a page", append([]byte("<html>"), document...), "", false},
		{"nothing", nil, "", false},
	} {
		got := media.Of(test.content)
		if got != test.want {
			t.Errorf("%s is %q, want %q", test.name, got, test.want)
		}
		if _, err := media.Clean(got, test.content); (err == nil) != test.whole {
			t.Errorf("%s is taken: %v", test.name, err)
		}
	}
}

// FuzzOf: whatever comes, what is taken is what it was said to be, and is taken again as it is.
func FuzzOf(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n%%EOF"))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Add([]byte("RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00some image"))
	f.Fuzz(func(t *testing.T, content []byte) {
		kind := media.Of(content)
		clean, err := media.Clean(kind, content)
		if err != nil {
			return
		}
		if kind == "" || media.Of(clean) != kind {
			t.Errorf("%q became %q", kind, media.Of(clean))
		}
	})
}
