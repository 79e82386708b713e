// Package layout holds the frame around every page: head, sidebar, top bar, dialog, toasts, keyboard help. It shows what its
// Props say and decides nothing: which pages a user sees in the menu is the caller's choice.
package layout

import (
	"github.com/a-h/templ"

	"payaid/views/ui"
)

// Props are what the frame of one page needs.
type Props struct {
	Title  string // of the page alone: "Contacts"; the product's name is added
	Active string // Key of the current NavItem
	Viewer Viewer
	Nav    []NavGroup
	Create []NavItem // what can be made from every page
	Unread int       // notifications
	CSRF   string
	Alarms []Alarm        // what must be seen on the page whatever it is about
	Notice *ui.ToastProps // a report on what the request before did, shown once
	// Asset gives the address of a file in static/ by its name, such as "app.css".
	Asset func(name string) string
}

// Viewer is the signed-in user; the zero Viewer is nobody.
type Viewer struct {
	Name          string
	Email         string
	RoleLabel     string // "Owner"
	TenantName    string // the business
	PlatformAdmin bool
	Businesses    []Business // all that the user belongs to, the current one too
	NewBusiness   bool       // the user may make one more
	FirstSteps    bool       // the page of the first steps is of use
	Theme         string     // "light", "dark" or "system"
	SingleKeys    bool       // shortcuts of one key work
	Photo         string     // address of the person's photo; "" for none
	Logo          string     // address of the business's logo; "" for none
	Identity      string     // names the person in the business
}

// SignedIn reports whether there is a user.
func (v Viewer) SignedIn() bool { return v.Email != "" }

// rootAttrs tell style sheets and scripts what the viewer chose: dark pages are dark from their first byte. Without a viewer the
// browser's own memory of a choice holds.
func (v Viewer) rootAttrs() templ.Attributes {
	if !v.SignedIn() {
		return nil
	}
	attrs := templ.Attributes{"data-theme": v.Theme}
	if v.Theme == "dark" {
		attrs["class"] = "dark"
	}
	return attrs
}

// themeMedia says when the colour of a theme ("light" or "dark") is that of the browser's own bars: as the viewer chose, or as
// the system has it. static/theme.js does the same when the choice changes.
func themeMedia(choice, theme string) string {
	switch choice {
	case "light", "dark":
		if choice == theme {
			return "all"
		}
		return "not all"
	}
	return "(prefers-color-scheme: " + theme + ")"
}

// mark is the letter that stands for the business.
func (v Viewer) mark() string {
	for _, r := range ui.Initials(v.TenantName) {
		return string(r)
	}
	return ""
}

// Alarm is a sentence about what is wrong, and where to look.
type Alarm struct {
	Text  string
	Href  string
	Label string // of the link
}

// NavGroup is a part of the menu; the first has no label.
type NavGroup struct {
	Label string
	Items []NavItem
}

// NavItem is a page in the menu. Only pages that exist and the viewer may open belong there.
type NavItem struct {
	Key   string
	Label string
	Href  string
	Icon  ui.IconName
	Keys  string // the shortcut that goes there, such as "g c"; "" for none
	Count string // "248"; "" for none
}

// Crumb is a page above the current one.
type Crumb struct {
	Label, Href string
}

// htmxConfig: reloading on Back keeps listeners alive; error statuses never swap, their partials still do; no stylesheet is
// injected, which the content security policy would refuse; without a delay for settling, what is swapped in belongs to htmx
// at once: a form sent in between would leave the page.
const htmxConfig = `{"history":"reload","defaultSwap":"outerHTML","defaultTimeout":20000,"extensions":"sse",` +
	`"includeIndicatorCSS":false,"defaultSettleDelay":0,"noSwap":[204,304,"4xx","5xx"]}`
