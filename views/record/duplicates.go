package record

import (
	"slices"
	"strings"

	"payaid/internal/crm"
)

// Duplicate is another record that is known by the same.
type Duplicate struct {
	Same string // what both have, in words: "phone and GSTIN"
	Name string // "" when the viewer may not see it
	Href string
}

// DuplicatesProps describe the warning before a record is saved that may exist already.
type DuplicatesProps struct {
	What     string // "contact"
	List     []Duplicate
	Advice   string   // what to do about it
	Accepted []string // what the form sends to say that this warning was read
}

// duplicateWords are the fields that records are known by, in words.
var duplicateWords = map[string]string{"name": "name", "email": "e-mail", "phone": "phone", "gstin": "GSTIN", "website": "website"}

// Asks is what the values would be known by.
func Asks(value func(name string) string) crm.DuplicateQuery {
	return crm.DuplicateQuery{Name: value("name"), Email: value("email"), Phone: value("phone"), GSTIN: value("gstin"), Website: value("website")}
}

// Duplicates describe a warning of records that are known by what was asked.
func (e Entity) Duplicates(found []crm.Duplicate, ask crm.DuplicateQuery) DuplicatesProps {
	p := DuplicatesProps{What: e.One, Advice: "Save to keep both."}
	typed := map[string]string{"name": ask.Name, "email": ask.Email, "phone": ask.Phone, "gstin": ask.GSTIN, "website": ask.Website}
	for _, d := range found {
		var same []string
		for _, field := range d.Fields {
			same = append(same, duplicateWords[field])
			if field == e.Unique {
				p.Advice = "Two " + e.Many + " cannot have the same " + duplicateWords[field] + "."
			}
			if read := field + " " + strings.TrimSpace(typed[field]); !slices.Contains(p.Accepted, read) {
				p.Accepted = append(p.Accepted, read)
			}
		}
		one := Duplicate{Same: strings.Join(same, " and ")}
		if d.Visible {
			one.Name, one.Href = d.Name, e.URL(d.ID)
		}
		p.List = append(p.List, one)
	}
	return p
}
