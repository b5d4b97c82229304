package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestTour writes a tour of all pages, with a picture of each at a desk and on a phone, into the folder that DAJIUZHU_TOUR names, as make tour
// does. The people on the pictures are invented.
func TestTour(t *testing.T) {
	dir := os.Getenv("DAJIUZHU_TOUR")
	if dir == "" {
		t.Skip("make tour makes the tour")
	}
	pictures := filepath.Join(dir, "tour")
	if err := os.RemoveAll(pictures); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("# A tour of the pages 页面一览\n\nMade by `make tour` over a sample county; everybody shown is invented, and every number is masked unless somebody opened it. " +
		"Each page at a desk and on a phone.\n\n由 `make tour` 在模拟县上生成，人物均为虚构。每页各有电脑和手机两种宽度。\n")
	login := ""
	walk(t, func(v *person, p page) {
		if p.login != login {
			login = p.login
			fmt.Fprintf(&text, "\n## %s\n", login)
		}
		name := strings.Trim(regexp.MustCompile(`[^a-z0-9-]+`).ReplaceAllString(strings.ReplaceAll(p.kind, "{}", "one"), "-"), "-")
		fmt.Fprintf(&text, "\n### %s\n\n`%s`\n\n", strings.TrimSuffix(p.title, " · 大救助"), strings.Fields(p.kind)[0])
		for _, face := range []struct {
			name string
			size [2]int64
		}{{"desk", desk}, {"phone", phone}} {
			v.do(chromedp.EmulateViewport(face.size[0], face.size[1]))
			v.open(p.path)
			file := name + "-" + face.name + ".webp"
			if err := os.WriteFile(filepath.Join(pictures, file), v.small(face.size), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "![%s](tour/%s)\n", face.name, file)
		}
		v.do(chromedp.EmulateViewport(desk[0], desk[1]))
	})
	if err := os.WriteFile(filepath.Join(dir, "tour.md"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// small is what the browser shows as a picture that takes little room: at most two screens of it, at a desk somewhat smaller than it is.
func (v *person) small(size [2]int64) []byte {
	v.Helper()
	tall := min(js[int](v, "document.documentElement.scrollHeight"), 2*int(size[1]))
	scale, quality := 1.0, int64(36)
	if size == desk {
		scale = 0.6
	}
	return ask(v, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		beyond := true
		picture, err := cdp.Call(ctx, target, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{Format: "webp", Quality: &quality, CaptureBeyondViewport: &beyond,
			Clip: &cdppage.Viewport{Width: float64(size[0]), Height: float64(tall), Scale: scale}})
		return picture.Data, err
	})
}
