package witness

import "testing"

func FuzzRequest(f *testing.F) {
	f.Add([]byte("old 5\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\nx\n6\ny\n\n— x z\n"))
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseRequest(body)
		if err == nil && (r.old < 0 || len(r.proof) > maxProof || len(r.checkpoint) >= len(body)) {
			t.Errorf("%d, %d hashes, %d bytes", r.old, len(r.proof), len(r.checkpoint))
		}
	})
}
