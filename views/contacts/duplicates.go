package contacts

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"payaid/internal/crm"
	"payaid/views/record"
)

// DuplicatesProps describe a warning of contacts that are known by what was asked.
func DuplicatesProps(found []crm.Duplicate, ask crm.DuplicateQuery) record.DuplicatesProps {
	p := record.DuplicatesProps{What: "contact", Advice: "Save to keep both."}
	words := map[string]string{"email": "e-mail", "phone": "phone", "gstin": "GSTIN"}
	typed := map[string]string{"email": ask.Email, "phone": ask.Phone, "gstin": ask.GSTIN}
	for _, d := range found {
		var same []string
		for _, field := range d.Fields {
			same = append(same, words[field])
			if read := field + " " + strings.TrimSpace(typed[field]); !slices.Contains(p.Accepted, read) {
				p.Accepted = append(p.Accepted, read)
			}
		}
		one := record.Duplicate{Same: strings.Join(same, " and ")}
		if d.Visible {
			one.Name, one.Href = d.Name, recordURL(d.ID)
		}
		p.List = append(p.List, one)
	}
	return p
}

// watched has a field of the form ask for duplicates when its value was changed.
func watched(attrs templ.Attributes) templ.Attributes {
	out := templ.Attributes{
		"hx-get": "/contacts/duplicates", "hx-trigger": "change", "hx-target": "#duplicates", "hx-swap": "outerHTML",
		"hx-include": "#email, #phone, #gstin, #duplicates-of", "hx-sync": "#duplicates:replace",
	}
	for name, value := range attrs {
		out[name] = value
	}
	return out
}
