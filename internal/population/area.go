package population

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// knownArea reports whether an area is in the pack's list.
func knownArea(p *pack.Pack, c area.Code) bool { return p.Areas.Has(c) }
