package visit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/media"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/visit"
)

// secret is what no picture may still hold.
const secret = "37.4301N 116.8601E Phone of Wang Fang"

func photo(t testing.TB, wide, high int) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, wide, high))
	random := rand.New(rand.NewPCG(3, 4))
	for i := range im.Pix {
		im.Pix[i] = byte(random.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func segment(mark byte, body string) []byte {
	return append([]byte{0xFF, mark, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// turned is an Exif body that says to turn the picture, and more.
func turned(way byte) string {
	return "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(way) + "\x00\x00\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26\x00\x00\x00\x00" + secret
}

// spoken is a JPEG with what cameras and programs write in, before, within and behind the picture.
func spoken(plain []byte) []byte {
	return slices.Concat(plain[:2], segment(0xE1, turned(6)), segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+secret), segment(0xED, "Photoshop 3.0\x00"+secret),
		segment(0xFE, secret), plain[2:], []byte(secret)) // a film behind the picture
}

func chunk(kind, body string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func drawing(t testing.TB) []byte {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, 60, 30))
	im.SetGray(3, 3, color.Gray{200})
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	return slices.Concat(plain[:33], chunk("tEXt", "Author\x00"+secret), chunk("eXIf", secret), plain[33:], []byte(secret))
}

func riff(chunks ...string) []byte {
	var body []byte
	for i := 0; i < len(chunks); i += 2 {
		body = append(body, chunks[i]...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(chunks[i+1])))
		body = append(body, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			body = append(body, 0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4)), append([]byte("WEBP"), body...)...)
}

func describe(n int, id int64, kind visit.FileKind, media string, content []byte) visit.File {
	sum := sha256.Sum256(content)
	return visit.File{ID: uid(5, n), Visit: id, Kind: kind, Media: media, Size: int64(len(content)), Digest: hex.EncodeToString(sum[:]), Taken: now}
}

// bring sends a file in pieces, and tells what became of it.
func (w *world) bring(p postgres.Principal, f visit.File, content []byte, piece int) (got visit.File, err error) {
	w.Helper()
	err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) { got, err = w.Begin(ctx, tx, f); return err })
	for at := 0; err == nil && at < len(content); at += piece {
		err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) {
			got, err = w.Append(ctx, tx, f.ID, int64(at), content[at:min(at+piece, len(content))])
			return err
		})
	}
	return got, err
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1}})
	picture := photo(t, 80, 60)
	for n, c := range []struct {
		what    string
		kind    visit.FileKind
		media   string
		content []byte
		state   string
	}{
		{"a photograph", visit.Photo, "image/jpeg", picture, "kept"},
		{"one that says much", visit.Photo, "image/jpeg", spoken(picture), "kept"},
		{"a drawing that says much", visit.Family, "image/png", drawing(t), "kept"},
		{"a small WebP", visit.Photo, "image/webp", riff("VP8X", "\x0c\x00\x00\x00\x0f\x00\x00\x0f\x00\x00", "VP8 ", "picture", "EXIF", secret, "XMP ", secret), "kept"},
		{"a voice note of Chromium", visit.Voice, "audio/webm;codecs=opus", []byte("\x1a\x45\xdf\xa3voice"), "kept"},
		{"a voice note of an iPhone", visit.Voice, "audio/mp4", []byte("\x00\x00\x00\x1cftypM4A voice"), "kept"},
		{"a page", visit.Photo, "image/jpeg", []byte("<!doctype html><script>alert(1)</script>"), "refused"},
		{"half a photograph", visit.Photo, "image/jpeg", picture[:len(picture)/2], "refused"},
		{"a PNG as JPEG", visit.Photo, "image/jpeg", drawing(t), "refused"},
		{"a damaged PNG", visit.Photo, "image/png", bytes.Replace(drawing(t), []byte("IDAT"), []byte("IDAX"), 1), "refused"},
		{"a WebP of nothing", visit.Photo, "image/webp", riff("EXIF", secret), "refused"},
		{"a giant WebP", visit.Photo, "image/webp", riff("VP8X", "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff", "VP8 ", "x"), "refused"},
		{"a programme as voice", visit.Voice, "audio/ogg", []byte("MZ\x90\x00"), "refused"},
	} {
		f, err := w.bring(assistant, describe(n, id, c.kind, c.media, c.content), c.content, 4000)
		if err != nil || f.State != c.state || (f.Why != nil) != (c.state == "refused") {
			t.Errorf("%s: %s %v, want %s (%v)", c.what, f.State, f.Why, c.state, err)
		}
		if c.state != "kept" {
			continue
		}
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
			_, content, err := w.Content(ctx, tx, f.ID)
			if bytes.Contains(content, []byte(secret)) || len(content) == 0 {
				t.Errorf("%s: %d bytes are kept, with what it should not tell", c.what, len(content))
			}
			if c.media == "image/jpeg" {
				if _, err := jpeg.Decode(bytes.NewReader(content)); err != nil {
					t.Errorf("%s: %v", c.what, err)
				}
			}
			if c.what == "one that says much" && !bytes.Contains(content, []byte("\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06")) {
				t.Error("which way up the picture is was lost")
			}
			return err
		})
	}
	var open int
	if err := w.db.Own().QueryRow(t.Context(), "select count(*) from visit_chunk where position(convert_to('voice', 'UTF8') in content) > 0").Scan(&open); err != nil || open != 0 {
		t.Errorf("%d pieces lie open in the database (%v)", open, err)
	}
	w.must(elsewhere, func(ctx context.Context, tx pgx.Tx) error {
		_, _, err := w.Content(ctx, tx, uid(5, 0))
		w.want("an assistant of elsewhere looks", err, "visit.no-such-file")
		return nil
	})
	w.own("update visit_chunk set content = (select content from visit_chunk where file = '" + uid(5, 2) + "' and at = 0) where file = '" + uid(5, 4) + "'")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		_, _, err := w.Content(ctx, tx, uid(5, 4))
		w.want("one content in another's place", err, "visit.exchanged")
		return nil
	})
	for _, c := range []struct {
		what string
		make func(*visit.File)
		key  string
	}{
		{"a film", func(f *visit.File) { f.Media = "video/mp4" }, "visit.file-kind"},
		{"a photograph as signature of a kind that is none", func(f *visit.File) { f.Kind = "selfie" }, "visit.bad-file"},
		{"too large", func(f *visit.File) { f.Size = 40 << 20 }, "visit.file-too-large"},
		{"empty", func(f *visit.File) { f.Size = 0 }, "visit.bad-file"},
		{"without a digest", func(f *visit.File) { f.Digest = "12" }, "visit.bad-file"},
		{"a novel as signer", func(f *visit.File) { f.Signer = strings.Repeat("长", 61) }, "visit.bad-file"},
	} {
		f := describe(99, id, visit.Photo, "image/jpeg", picture)
		c.make(&f)
		err := w.as(assistant, func(ctx context.Context, tx pgx.Tx) error { _, err := w.Begin(ctx, tx, f); return err })
		w.want(c.what, err, c.key)
	}
}

// A file goes on where it broke off, whatever is sent again, and is asked for anew where it was damaged on its way.
func TestFileGoesOn(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1}})
	content := photo(t, 200, 200)
	f := describe(1, id, visit.Photo, "image/jpeg", content)
	send := func(p postgres.Principal, at int64, piece []byte) (got visit.File, err error) {
		err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) {
			if _, err := w.Begin(ctx, tx, f); err != nil {
				return err
			}
			got, err = w.Append(ctx, tx, f.ID, at, piece)
			return err
		})
		return got, err
	}
	half := int64(len(content) / 2)
	for range 2 { // the answer was lost, and it is sent again
		if got, err := send(assistant, 0, content[:half]); err != nil || got.Received != half {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	_, err := send(assistant, half+1, content[half+1:])
	w.want("a gap", err, "visit.not-next")
	_, err = send(assistant, half, append(slices.Clone(content[half:]), 1))
	w.want("more than was said", err, "visit.overfull")
	_, err = send(elsewhere, half, content[half:])
	w.want("somebody else's", err, "visit.no-such-file")
	broken := slices.Clone(content[half:])
	broken[10] ^= 1
	if got, err := send(assistant, half, broken); err != nil || got.State != "receiving" || got.Received != 0 {
		t.Errorf("damaged on its way: %+v, %v", got, err)
	}
	if got, err := send(assistant, 0, content[:half]); err != nil || got.Received != half {
		t.Errorf("anew: %+v, %v", got, err)
	}
	if got, err := send(nobody, half, content[half:]); err != nil || got.State != "kept" { // the posting ended meanwhile
		t.Errorf("the rest: %+v, %v", got, err)
	}
	if got, err := send(assistant, half, content[half:]); err != nil || got.State != "kept" {
		t.Errorf("the rest again: %+v, %v", got, err)
	}
}

// A visit by two whom the family countersigns ends when all have signed and all is there; who visited is known to whoever decides the item.
func TestEnd(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Purpose: visit.Survey, Visitors: []int64{2, 3}, People: 2, BothSign: true, Item: 7})
	end := func(n int, p postgres.Principal, how visit.Result) visit.Received {
		return w.sync(p, visit.Bundle{ID: uid(6, n), Device: uid(1, int(p.Account)), Visit: id, End: &visit.Ending{Result: how, At: now}})
	}
	sign := func(n int, p postgres.Principal, kind visit.FileKind, who int64) {
		t.Helper()
		f := describe(n, id, kind, "image/png", drawing(t))
		f.SignerID, f.Signer = who, "国志强"
		if got, err := w.bring(p, f, drawing(t), 5000); err != nil || got.State != "kept" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if r := end(1, officer, visit.Met); r.Done || len(r.Lacks) != 2 {
		t.Errorf("nobody has signed: %+v", r)
	}
	sign(1, officer, visit.Sign, 2)
	sign(2, officer, visit.Sign, 2) // the same one twice
	sign(3, officer, visit.Family, 0)
	if r := end(2, officer, visit.Met); r.Done || len(r.Lacks) != 1 {
		t.Errorf("one has signed: %+v", r)
	}
	w.must(colleague, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Begin(ctx, tx, describe(4, id, visit.Photo, "image/jpeg", photo(t, 50, 50)))
		return err
	})
	sign(5, colleague, visit.Sign, 3)
	if r := end(3, officer, visit.Met); r.Done || len(r.Lacks) != 1 || !strings.Contains(r.Lacks[0].Zh, "没有传完") {
		t.Errorf("a photograph is on its way: %+v", r)
	}
	if _, err := w.bring(colleague, describe(4, id, visit.Photo, "image/jpeg", photo(t, 50, 50)), photo(t, 50, 50), 5000); err != nil {
		t.Fatal(err)
	}
	if r := end(4, officer, visit.Met); !r.Done {
		t.Errorf("all is there: %+v", r)
	}
	if r := end(5, colleague, visit.Absent); !r.Done {
		t.Errorf("the other says it ended too: %+v", r)
	}
	d := w.device(colleague, 9, id) // what was still on the other's phone is taken all the same
	if r := d.send(d.bundle(9, d.says("person", 2, "person.married", true))); r.Answers[0].State != "taken" {
		t.Errorf("after the end: %+v", r)
	}
	w.must(decider, func(ctx context.Context, tx pgx.Tx) error {
		who, err := visit.Visited(ctx, tx, 7)
		if !slices.Equal(who, []int64{2, 3}) {
			t.Errorf("%v visited", who)
		}
		return err
	})
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		one, err := w.One(ctx, tx, id)
		if one.State != visit.Done || one.Result != string(visit.Met) || one.EndedBy != 2 {
			t.Errorf("%+v", one)
		}
		return err
	})
	cancel := w.as(officer, func(ctx context.Context, tx pgx.Tx) error { return visit.Cancel(ctx, tx, id, "不用去了") })
	w.want("what was made is not called off", cancel, "visit.ended")
}

// FuzzBundle: whatever comes from outside is a bundle or a fault.
func FuzzBundle(f *testing.F) {
	f.Add([]byte(`{"bundle":"00000000-0000-4000-8000-000000000001","device":"00000000-0000-4000-8000-000000000002","visit":1,"answers":[
		{"id":"00000000-0000-4000-8000-000000000003","seq":1,"unit":"person","of":2,"fact":"person.married","kind":"value","value":[1,{"a":null}],"base":"0.0","at":"2026-11-02T10:00:00Z"}],
		"place":{"latitude":37.4301234,"longitude":-1e2,"accuracy":12.5},"end":{"result":"met"}}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		b, err := visit.ReadBundle(bytes.NewReader(content))
		if err != nil {
			if !strings.HasPrefix(kindOf(err), "visit.") {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := b.Sealed(); err != nil {
			t.Errorf("a bundle that was read cannot be written: %v", err)
		}
	})
}

// FuzzPicture: whatever is said to be a picture is cleaned or refused.
func FuzzPicture(f *testing.F) {
	plain := photo(f, 8, 8)
	f.Add("image/jpeg", spoken(plain))
	f.Add("image/png", drawing(f))
	f.Add("image/webp", riff("VP8X", "\x0c\x00\x00\x00\x0f\x00\x00\x0f\x00\x00", "VP8 ", "picture", "EXIF", secret))
	f.Add("audio/wav", []byte("RIFF\x00\x00\x00\x00WAVE"))
	f.Fuzz(func(t *testing.T, kind string, content []byte) {
		clean, err := media.Clean(kind, content)
		if err != nil {
			return
		}
		if again, err := media.Clean(kind, clean); err != nil || !bytes.Equal(again, clean) {
			t.Errorf("what was cleaned is cleaned to something else: %v", err)
		}
	})
}
