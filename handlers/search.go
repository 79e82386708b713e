package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/views/companies"
	"payaid/views/contacts"
	"payaid/views/imports"
	"payaid/views/layout"
	"payaid/views/list"
	"payaid/views/search"
	"payaid/views/ui"
)

// foundContacts is how many of each entity a search over everything shows; the list has
// the others.
const foundContacts = 6

// search answers the command palette, and the page that stands in for it. A query
// that begins with > asks for commands only.
func (s *server) search(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	query := strings.TrimSpace(c.Query("q"))
	props := search.Props{Query: query}
	words, commandsOnly := strings.CutPrefix(query, ">")
	words = strings.TrimSpace(words)
	if !commandsOnly {
		group, err := s.findContacts(c, p, words)
		if err != nil {
			return err
		}
		props.Add(group)
		if group, err = s.findCompanies(c, p, words); err != nil {
			return err
		}
		props.Add(group)
		if group, err = s.findDeals(c, p, words); err != nil {
			return err
		}
		props.Add(group)
		props.Add(search.Group{Label: "Go to", Items: matching(s.places(p), words)})
	}
	props.Add(search.Group{Label: "Create", Items: matching(creations(p), words)})
	props.Add(search.Group{Label: "Commands", Items: matching(commands(p), words)})
	return show(c, search.Page(s.frame(c, "Search", "search"), props), search.Options(props))
}

// findContacts returns the contacts that match, or those opened last where nothing
// was typed: the device names them in "recent", the area says which may be seen.
func (s *server) findContacts(c *fiber.Ctx, p auth.Principal, words string) (search.Group, error) {
	if !p.Can(auth.ContactsRead) {
		return search.Group{}, nil
	}
	if words == "" {
		recent, err := s.CRM.RecentContacts(c.UserContext(), p, ids(c.Query("recent")))
		return search.Group{Label: "Recent", Items: contactItems(recent)}, err
	}
	filter := crm.ContactFilter{Query: words, Limit: foundContacts}
	page, err := s.CRM.Contacts(c.UserContext(), p, filter)
	if err != nil {
		return search.Group{}, err
	}
	group := search.Group{Label: "Contacts", Items: contactItems(page.Contacts)}
	group.AddRest(len(page.Contacts), page.Total, page.Capped, contacts.Listed.URL(list.Address{Text: words}), ui.IconUsers)
	return group, nil
}

// findCompanies returns the companies that match; without words there are none.
func (s *server) findCompanies(c *fiber.Ctx, p auth.Principal, words string) (search.Group, error) {
	if !p.Can(auth.CompaniesRead) || words == "" {
		return search.Group{}, nil
	}
	page, err := s.CRM.Companies(c.UserContext(), p, listing.Query{Text: words, Limit: foundContacts})
	if err != nil || page.Similar { // what only comes close is for the list
		return search.Group{}, err
	}
	group := search.Group{Label: "Companies"}
	for _, one := range page.Items {
		group.Items = append(group.Items, search.Item{Label: one.Name, Detail: one.Industry, Href: "/companies/" + one.ID.String()})
	}
	group.AddRest(len(page.Items), page.Total, page.Capped, companies.Listed.URL(list.Address{Text: words}), ui.IconBuilding2)
	return group, nil
}

// findDeals returns the deals that match; without words there are none.
func (s *server) findDeals(c *fiber.Ctx, p auth.Principal, words string) (search.Group, error) {
	if !p.Can(auth.DealsRead) || words == "" {
		return search.Group{}, nil
	}
	page, err := s.CRM.Deals(c.UserContext(), p, listing.Query{Text: words, Limit: foundContacts})
	if err != nil || page.Similar { // what only comes close is for the board
		return search.Group{}, err
	}
	group := search.Group{Label: "Deals"}
	for _, one := range page.Items {
		group.Items = append(group.Items, search.Item{Label: one.Name, Detail: one.Stage, Href: "/deals/" + one.ID.String()})
	}
	group.AddRest(len(page.Items), page.Total, page.Capped, list.At("/deals", map[string]string{"q": words}), ui.IconHandshake)
	return group, nil
}

func contactItems(list []crm.Contact) []search.Item {
	items := make([]search.Item, len(list))
	for i, one := range list {
		detail := one.Company
		if detail == "" && one.Email != one.Name {
			detail = one.Email
		}
		items[i] = search.Item{Label: one.Name, Detail: detail, Href: "/contacts/" + one.ID.String()}
	}
	return items
}

// ids reads a list of ids; what cannot be one is left out.
func ids(list string) []uuid.UUID {
	var out []uuid.UUID
	for text := range strings.SplitSeq(list, ",") {
		if id, err := uuid.Parse(text); err == nil && len(out) < crm.MaxRecent {
			out = append(out, id)
		}
	}
	return out
}

// places lists the pages that the principal may open.
func (s *server) places(p auth.Principal) []search.Item {
	var items []search.Item
	for _, group := range menu(p) {
		for _, page := range group.Items {
			items = append(items, navItem(page, group.Label))
		}
	}
	for _, page := range s.settingsItems(p) {
		items = append(items, search.Item{Label: page.Label, Detail: "Settings", Href: page.Href, Icon: page.Icon})
	}
	return append(items, search.Item{Label: "API reference", Href: "/api/docs", Icon: ui.IconFileText})
}

// creations lists what the principal may make, each in a dialog.
func creations(p auth.Principal) []search.Item {
	var items []search.Item
	for _, one := range creatable(p) {
		item := navItem(one, "")
		item.Dialog = true
		items = append(items, item)
	}
	return items
}

func navItem(n layout.NavItem, detail string) search.Item {
	return search.Item{Label: n.Label, Detail: detail, Href: n.Href, Icon: n.Icon, Keys: strings.ToUpper(n.Keys)}
}

// creatable lists what can be made from every page, with the keys for pages that
// make nothing of their own.
func creatable(p auth.Principal) []layout.NavItem {
	var items []layout.NavItem
	if p.Can(auth.ContactsWrite) {
		items = append(items, layout.NavItem{Key: "new-contact", Label: "New contact", Href: "/contacts/new", Icon: ui.IconPlus, Keys: "c c"})
	}
	if p.Can(auth.CompaniesWrite) {
		items = append(items, layout.NavItem{Key: "new-company", Label: "New company", Href: "/companies/new", Icon: ui.IconPlus, Keys: "c o"})
	}
	if p.Can(auth.DealsWrite) {
		items = append(items, layout.NavItem{Key: "new-deal", Label: "New deal", Href: "/deals/new", Icon: ui.IconPlus, Keys: "c p"})
	}
	return items
}

// commands lists what can be done from every page.
func commands(p auth.Principal) []search.Item {
	var items []search.Item
	for _, entity := range crm.ImportEntities(p) {
		items = append(items, search.Item{Label: "Import " + entity + " from a file", Href: imports.FormURL(entity), Icon: ui.IconUpload})
	}
	if p.Can(auth.ContactsExport) {
		items = append(items, search.Item{Label: "Export all contacts as CSV", Href: "/contacts/export.csv", Icon: ui.IconDownload})
	}
	if p.Can(auth.CompaniesExport) {
		items = append(items, search.Item{Label: "Export all companies as CSV", Href: "/companies/export.csv", Icon: ui.IconDownload})
	}
	if p.Can(auth.ActivitiesExport) {
		items = append(items, search.Item{Label: "Export all activities as CSV", Href: "/activities/export.csv", Icon: ui.IconDownload})
	}
	return items
}

// matching keeps the items whose words begin with the words of q, in any order.
func matching(items []search.Item, q string) []search.Item {
	wanted := strings.Fields(strings.ToLower(q))
	var out []search.Item
	for _, item := range items {
		if beginAll(strings.Fields(strings.ToLower(item.Label+" "+item.Detail)), wanted) {
			out = append(out, item)
		}
	}
	return out
}

func beginAll(words, wanted []string) bool {
	for _, w := range wanted {
		begins := false
		for _, word := range words {
			begins = begins || strings.HasPrefix(word, w)
		}
		if !begins {
			return false
		}
	}
	return true
}
