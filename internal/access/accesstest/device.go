// Package accesstest plays the other side of signing in: the device that holds a passkey, and an outside identity provider.
package accesstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Device is an authenticator in software: it holds one passkey and answers as a browser passes its answers on.
type Device struct {
	t      testing.TB
	Origin string // of the page, "https://jiuzhu.example.cn"
	Site   string // to which its passkey belongs, "jiuzhu.example.cn"
	ID     []byte
	Handle []byte
	Key    *ecdsa.PrivateKey
	Count  uint32
	Unseen bool // nobody unlocks it
}

// NewDevice makes an authenticator for a site.
func NewDevice(t testing.TB, origin, site string) *Device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	rand.Read(id)
	return &Device{t: t, Origin: origin, Site: site, ID: id, Key: key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked is what the device reads of the options.
type asked struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		RPID             string `json:"rpId"`
		UserVerification string `json:"userVerification"`
	} `json:"publicKey"`
}

func (d *Device) read(options json.RawMessage) (a asked) {
	d.t.Helper()
	if err := json.Unmarshal(options, &a); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *Device) client(kind, challenge string) []byte {
	out, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": false})
	return out
}

// data is the authenticator's: the site, what its holder did, and how often it was used.
func (d *Device) data(attested []byte) []byte {
	site := sha256.Sum256([]byte(d.Site))
	flags := byte(0x01)
	if !d.Unseen {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	out := append(site[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.Count)
	return append(out, attested...)
}

func (d *Device) encode(v any) []byte {
	d.t.Helper()
	out, err := cbor.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// Register answers a registration.
func (d *Device) Register(options json.RawMessage) []byte {
	d.t.Helper()
	a := d.read(options)
	d.Handle, _ = base64.RawURLEncoding.DecodeString(a.PublicKey.User.ID)
	point, err := d.Key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	key := d.encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	attested := make([]byte, 16)
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(d.ID)))
	attested = append(append(attested, d.ID...), key...)
	object := d.encode(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.data(attested)})
	return d.answer(map[string]any{"clientDataJSON": b64(d.client("webauthn.create", a.PublicKey.Challenge)), "attestationObject": b64(object)})
}

// Assert answers a request for a passkey.
func (d *Device) Assert(options json.RawMessage) []byte {
	d.t.Helper()
	a := d.read(options)
	d.Count++
	data, client := d.data(nil), d.client("webauthn.get", a.PublicKey.Challenge)
	hashed := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hashed[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.Key, signed[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.Handle),
	})
}

func (d *Device) answer(response map[string]any) []byte {
	out, _ := json.Marshal(map[string]any{"id": b64(d.ID), "rawId": b64(d.ID), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	return out
}
