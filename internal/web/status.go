package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"dajiuzhu/internal/access"
)

// healthz answers as long as the program does.
func (s *Site) healthz(v *Visit) error {
	_, err := v.W.Write([]byte("ok\n"))
	return err
}

// checkTime is how long the checks may take together.
const checkTime = 3 * time.Second

// readyz answers 200 if everything stands as it should, 503 otherwise, and says how each part stands.
func (s *Site) readyz(v *Visit) error {
	ctx, cancel := context.WithTimeout(v.R.Context(), checkTime)
	defer cancel()
	checks := s.Checks(ctx)
	status, all := http.StatusOK, map[string]any{}
	for _, c := range checks {
		if !c.OK {
			status = http.StatusServiceUnavailable
		}
		all[c.Name] = map[string]any{"ok": c.OK, "value": c.Value}
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.WriteHeader(status)
	return json.NewEncoder(v.W).Encode(all)
}

var statusNav = Link{Path: "/status", Zh: "平台状态", En: "Status", Aside: true, Who: May(access.Operate)}

// statusPage is what the page on the status shows.
type statusPage struct {
	Record Record
	Checks []Check // of whoever operates the platform
}

func (s *Site) status(v *Visit) error {
	ctx, cancel := context.WithTimeout(v.R.Context(), checkTime)
	defer cancel()
	var p statusPage
	var err error
	if p.Record, err = s.Record(ctx, v.Session.Principal("")); err != nil {
		return err
	}
	if v.Session.May(access.Operate) {
		p.Checks = s.Checks(ctx)
	}
	return s.render(v, http.StatusOK, "status", p)
}
