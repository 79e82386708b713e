// Package layout holds the frame around every page: head, sidebar, top bar, dialog, toasts, keyboard help. It shows what its
// Props say and decides nothing: which pages a user sees in the menu is the caller's choice.
package layout

import "payaid/views/ui"

// Props are what the frame of one page needs.
type Props struct {
	Title  string // of the page alone: "Contacts"; the product's name is added
	Active string // Key of the current NavItem
	Viewer Viewer
	Nav    []NavGroup
	CSRF   string
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
}

// SignedIn reports whether there is a user.
func (v Viewer) SignedIn() bool { return v.Email != "" }

// mark is the letter that stands for the business.
func (v Viewer) mark() string {
	for _, r := range ui.Initials(v.TenantName) {
		return string(r)
	}
	return ""
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
