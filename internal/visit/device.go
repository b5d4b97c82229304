package visit

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

var badDevice = fault.Text{Key: "visit.bad-device", Zh: "手机报的编号不对，请刷新页面", En: "the phone gives no name of its own that is one: load the page again"}

// deviceKeySize is bytes of a device's key, for AES-256.
const deviceKeySize = 32

// DeviceKey is the key under which a device keeps what the acting account has on it, in base64, made when it is asked for first. It is the same
// for good, so that what waits on the device is readable whatever became of the PIN that locks the device's own copy.
func (v *Visits) DeviceKey(ctx context.Context, tx pgx.Tx, device string) (string, error) {
	if !uuid.MatchString(device) {
		return "", fault.New(fault.Invalid, badDevice, nil)
	}
	key, err := v.deviceKey(ctx, tx, device)
	if !errors.Is(err, pgx.ErrNoRows) {
		return key, err
	}
	fresh := make([]byte, deviceKeySize)
	_, _ = rand.Read(fresh) // it never fails
	made, err := tx.Exec(ctx, "insert into visit_device_key (device, key) values ($1, $2) on conflict do nothing",
		device, v.keys.Seal(deviceKeyField, base64.StdEncoding.EncodeToString(fresh)))
	if err != nil {
		return "", failed("keeping a device's key", err)
	}
	if made.RowsAffected() == 1 {
		if err := record(ctx, tx, "visit.device", "device:"+device, map[string]any{}); err != nil {
			return "", err
		}
	}
	return v.deviceKey(ctx, tx, device) // another request may have made it meanwhile
}

// deviceKey reads the key; [pgx.ErrNoRows] where there is none.
func (v *Visits) deviceKey(ctx context.Context, tx pgx.Tx, device string) (string, error) {
	var content []byte
	err := tx.QueryRow(ctx, "select key from visit_device_key where account = acting_account() and device = $1", device).Scan(&content)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", pgx.ErrNoRows
	}
	if err != nil {
		return "", failed("reading a device's key", err)
	}
	return v.keys.Open(deviceKeyField, content)
}
