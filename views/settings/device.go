package settings

import "strings"

// Device names a browser and its machine in plain words, such as "Chrome on
// Windows", from the User-Agent that the browser sent.
func Device(userAgent string) string {
	browser, machine := firstOf(userAgent, browsers), firstOf(userAgent, machines)
	switch {
	case browser != "" && machine != "":
		return browser + " on " + machine
	case browser != "":
		return browser
	case machine != "":
		return "A browser on " + machine
	}
	return "An unknown device"
}

type mark struct{ text, name string }

// The order matters: nearly every browser also calls itself Chrome and Safari, and
// Android calls itself Linux.
var (
	browsers = []mark{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"UCBrowser/", "UC Browser"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	machines = []mark{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
	}
)

func firstOf(text string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(text, m.text) {
			return m.name
		}
	}
	return ""
}
