// Package media looks at the files that people send: whether one is what it says, and, of pictures, without what a camera or a program wrote into it
// beside the picture. What a file is, its content says and never its name.
package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	_ "image/jpeg" // by which a photograph is seen to be one
	_ "image/png"
)

var errNotThat = errors.New("the content is not what it says")

// mostPixels bounds a picture: what a camera makes, and no bomb.
const mostPixels = 120 << 20

// The kinds of papers: pictures of them, and documents.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
	PDF  = "application/pdf"
)

// Of is the kind of paper that a content is, by how it begins; "" of any other.
func Of(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(content, []byte(pngHead)):
		return PNG
	case len(content) >= 12 && string(content[:4]) == "RIFF" && string(content[8:12]) == "WEBP":
		return WebP
	case bytes.HasPrefix(content, []byte(pdfHead)):
		return PDF
	}
	return ""
}

// Clean is a file without what a camera or a program wrote into it beside the picture: place, time, device, comments, a film behind the picture.
// A sound and a document are only looked at. It fails for what is not what it says.
func Clean(media string, content []byte) ([]byte, error) {
	switch media {
	case JPEG:
		return picture("jpeg", content, cleanJPEG)
	case PNG:
		return picture("png", content, cleanPNG)
	case WebP:
		return cleanWebP(content)
	case PDF:
		if !isPDF(content) {
			return nil, errNotThat
		}
		return content, nil
	}
	if !isSound(media, content) {
		return nil, errNotThat
	}
	return content, nil
}

// picture cleans one that its decoder knows, and sees that what is left still is one.
func picture(format string, content []byte, clean func([]byte) ([]byte, error)) ([]byte, error) {
	out, err := clean(content)
	if err != nil {
		return nil, err
	}
	config, found, err := image.DecodeConfig(bytes.NewReader(out))
	if err != nil || found != format || config.Width <= 0 || config.Height <= 0 || config.Width > mostPixels/config.Height {
		return nil, errNotThat
	}
	return out, nil
}

const (
	markSOI, markEOI, markSOS          = 0xD8, 0xD9, 0xDA
	markAPP0, markAPP1, markAPP14      = 0xE0, 0xE1, 0xEE
	markAPP2, markLastAPP, markComment = 0xE2, 0xEF, 0xFE
)

// cleanJPEG leaves the segments that the picture is made of, its colour profile, and which way up it is.
func cleanJPEG(in []byte) ([]byte, error) {
	if len(in) < 4 || in[0] != 0xFF || in[1] != markSOI {
		return nil, errNotThat
	}
	out := append([]byte{}, in[:2]...)
	turned := uint16(0)
	for at := 2; ; {
		for at+1 < len(in) && in[at] == 0xFF && in[at+1] == 0xFF { // fill
			at++
		}
		if at+4 > len(in) || in[at] != 0xFF {
			return nil, errNotThat
		}
		mark, size := in[at+1], int(binary.BigEndian.Uint16(in[at+2:]))
		if size < 2 || at+2+size > len(in) {
			return nil, errNotThat
		}
		segment := in[at : at+2+size]
		at += 2 + size
		switch {
		case mark == markAPP1 && turned == 0:
			if turned = orientation(segment[4:]); turned > 1 {
				out = append(out, orientationSegment(turned)...)
			}
		case mark == markComment, mark >= markAPP0 && mark <= markLastAPP && !pictureSegment(mark, segment[4:]):
		case mark == markSOS:
			scan, err := scans(in[at:])
			return append(append(out, segment...), scan...), err
		default:
			out = append(out, segment...)
		}
	}
}

// pictureSegment reports whether an application's segment says how the picture is to be shown.
func pictureSegment(mark byte, body []byte) bool {
	return mark == markAPP0 && bytes.HasPrefix(body, []byte("JFIF\x00")) || mark == markAPP14 && bytes.HasPrefix(body, []byte("Adobe")) ||
		mark == markAPP2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
}

// scans is from a scan's data to the end of the picture, with what stands between scans of a progressive one but for comments and applications'.
func scans(in []byte) ([]byte, error) {
	var out []byte
	for at, from := 0, 0; at+1 < len(in); at++ {
		if in[at] != 0xFF {
			continue
		}
		mark := in[at+1]
		switch {
		case mark == 0 || mark == 0xFF || mark >= 0xD0 && mark <= 0xD7:
			continue
		case mark == markEOI:
			return append(out, in[from:at+2]...), nil
		case at+4 > len(in) || at+2+int(binary.BigEndian.Uint16(in[at+2:])) > len(in):
			return nil, errNotThat
		}
		end := at + 2 + int(binary.BigEndian.Uint16(in[at+2:]))
		if mark == markComment || mark >= markAPP0 && mark <= markLastAPP {
			cut := at
			for cut > from && in[cut-1] == 0xFF { // fill before it would make a mark of what comes behind it
				cut--
			}
			out = append(out, in[from:cut]...)
			from = end
		}
		at = end - 1
	}
	return nil, errNotThat // it breaks off
}

// orientation is the way up that an Exif segment says, 0 of one that says none.
func orientation(body []byte) uint16 {
	if len(body) < 14 || !bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
		return 0
	}
	tiff := body[6:]
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	first := int64(order.Uint32(tiff[4:]))
	if first+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[first:]
	for n := int(order.Uint16(entries)); n > 0; n-- {
		at := 2 + 12*(n-1)
		if at+12 > len(entries) {
			continue
		}
		if order.Uint16(entries[at:]) == 0x0112 {
			if turned := order.Uint16(entries[at+8:]); turned <= 8 {
				return turned
			}
		}
	}
	return 0
}

// orientationSegment is an Exif segment that says which way up, and nothing else.
func orientationSegment(turned uint16) []byte {
	body := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	body = binary.BigEndian.AppendUint16(body, turned)
	body = append(body, 0, 0, 0, 0, 0, 0)
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, markAPP1}, uint16(len(body)+2)), body...)
}

// keptPNG are the chunks that the picture is made of.
var keptPNG = map[string]bool{"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true,
	"sBIT": true, "bKGD": true, "pHYs": true}

const pngHead = "\x89PNG\r\n\x1a\n"

func cleanPNG(in []byte) ([]byte, error) {
	if !bytes.HasPrefix(in, []byte(pngHead)) {
		return nil, errNotThat
	}
	out := []byte(pngHead)
	for at := len(pngHead); at+12 <= len(in); {
		size := int64(binary.BigEndian.Uint32(in[at:]))
		end := int64(at) + 12 + size
		if end > int64(len(in)) {
			return nil, errNotThat
		}
		chunk := in[at:end]
		if crc32.ChecksumIEEE(chunk[4:8+size]) != binary.BigEndian.Uint32(chunk[8+size:]) {
			return nil, errNotThat
		}
		kind := string(chunk[4:8])
		if keptPNG[kind] {
			out = append(out, chunk...)
		}
		if kind == "IEND" {
			return out, nil // whatever stands behind it is no picture
		}
		at = int(end)
	}
	return nil, errNotThat
}

// cleanWebP leaves the picture's chunks, and takes the marks of those that go from the head.
func cleanWebP(in []byte) ([]byte, error) {
	if len(in) < 20 || string(in[:4]) != "RIFF" || string(in[8:12]) != "WEBP" {
		return nil, errNotThat
	}
	out := append([]byte{}, in[:12]...)
	pictures := 0
	for at := 12; at < len(in); {
		if at+8 > len(in) {
			return nil, errNotThat
		}
		size := int64(binary.LittleEndian.Uint32(in[at+4:]))
		end := int64(at) + 8 + size + size&1
		if size&1 == 1 && end == int64(len(in))+1 { // some leave the last byte of fill out
			end--
		}
		if end > int64(len(in)) {
			return nil, errNotThat
		}
		chunk := append([]byte{}, in[at:end]...)
		switch kind := string(chunk[:4]); kind {
		case "VP8X":
			if size < 10 || !fewPixels(chunk[12:]) {
				return nil, errNotThat
			}
			chunk[8] &^= 0x08 | 0x04 // Exif, XMP
			out = append(out, chunk...)
		case "VP8 ", "VP8L", "ANMF":
			pictures++
			out = append(out, chunk...)
		case "ALPH", "ANIM", "ICCP":
			out = append(out, chunk...)
		}
		at = int(end)
	}
	if pictures == 0 {
		return nil, errNotThat
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

func fewPixels(size []byte) bool {
	wide := int64(size[0]) | int64(size[1])<<8 | int64(size[2])<<16
	high := int64(size[3]) | int64(size[4])<<8 | int64(size[5])<<16
	return (wide+1)*(high+1) <= mostPixels
}

const pdfHead = "%PDF-"

// isPDF reports whether a content begins and ends as a document does, so that none is kept that broke off on its way.
func isPDF(content []byte) bool {
	const tail = 1024 // in which readers look for the end
	return bytes.HasPrefix(content, []byte(pdfHead)) && bytes.Contains(content[max(0, len(content)-tail):], []byte("%%EOF"))
}

// begins are how the kinds of sounds begin.
var begins = map[string][]string{
	"audio/webm": {"\x1a\x45\xdf\xa3"}, "audio/ogg": {"OggS"}, "audio/mpeg": {"ID3", "\xff\xfb", "\xff\xf3", "\xff\xf2"}, "audio/aac": {"\xff\xf1", "\xff\xf9"},
	"audio/amr": {"#!AMR"}, "audio/wav": {"RIFF"}, "audio/mp4": {"ftyp"},
}

// isSound reports whether a content begins as a sound of its kind does.
func isSound(media string, content []byte) bool {
	if media == "audio/mp4" && len(content) > 4 {
		content = content[4:] // after a size
	}
	for _, head := range begins[media] {
		if bytes.HasPrefix(content, []byte(head)) {
			return media != "audio/wav" || len(content) > 12 && string(content[8:12]) == "WAVE"
		}
	}
	return false
}
