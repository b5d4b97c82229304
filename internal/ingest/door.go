package ingest

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

var (
	notYourFeed = fault.Text{
		Key: "ingest.not-your-feed",
		Zh:  "“{found}”不是本部门的数据，或认不出属于哪个数据来源。文件名应以数据来源的名称开头，或附上清单", En: `"{found}" is not of your department's feeds, or nothing tells of which feed it is: its name must begin with the feed's id, or a manifest must name it`,
	}
	notYourArea = fault.Text{
		Key: "ingest.not-your-area",
		Zh:  "“{found}”覆盖的区划{area}超出了您的辖区", En: `"{found}" is of the area {area}, which is not in yours`,
	}
	notThisFeed = fault.Text{
		Key: "ingest.not-this-feed",
		Zh:  "“{found}”不是数据来源“{feed}”的数据", En: `"{found}" is not of the feed {feed}`,
	}
)

// Door is what somebody may bring in. The zero value is everything.
type Door struct {
	Department string    // whose feeds alone; "" is all
	Feed       string    // this feed alone; "" is all
	Area       area.Code // deliveries for areas in it alone; a file without a manifest is of it
}

// admit is a fault if a parcel may not come in; then none may.
func (d Door) admit(parcels []*feed.Parcel) error {
	for _, p := range parcels {
		f, found := p.Feed(), fault.Excerpt(p.Name)
		if d.Department != "" && (f == nil || f.Department != d.Department) {
			return fault.New(fault.Forbidden, notYourFeed, fault.Args{"found": found})
		}
		if d.Feed != "" && (f == nil || f.ID != d.Feed) {
			return fault.New(fault.Forbidden, notThisFeed, fault.Args{"found": found, "feed": d.Feed})
		}
		if d.Area == 0 || p.Delivery == nil {
			continue
		}
		for _, a := range p.Delivery.Areas {
			if !d.Area.Contains(a) {
				return fault.New(fault.Forbidden, notYourArea, fault.Args{"found": found, "area": a})
			}
		}
	}
	return nil
}
