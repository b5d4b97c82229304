package web

import (
	"regexp"
	"strings"
)

// browsers are how browsers call themselves, those first that also carry another's name.
var browsers = []struct{ mark, name string }{
	{"MicroMessenger/", "微信"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Version/", "Safari"},
}

// systems are what they say of where they run, likewise.
var systems = []struct{ mark, name string }{
	{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"HarmonyOS", "HarmonyOS"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
}

var majorVersion = regexp.MustCompile(`^\d+`)

// Browser names a browser by what it says of itself: Chrome 148 · Linux. What it does not know it gives as it is.
func (v View) Browser(agent string) string {
	for _, b := range browsers {
		_, after, is := strings.Cut(agent, b.mark)
		if !is {
			continue
		}
		name := strings.TrimSpace(b.name + " " + majorVersion.FindString(after))
		for _, s := range systems {
			if strings.Contains(agent, s.mark) {
				return name + " · " + s.name
			}
		}
		return name
	}
	return agent
}
