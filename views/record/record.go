// Package record holds the pages of single records: facts that are edited in place, the form, what happened to a record, what two
// people changed at once, the trash, and the way to its neighbours. It knows no entity: each describes itself once as an Entity.
package record

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/internal/audit"
	"payaid/internal/crm"
	"payaid/views/ui"
)

// Entity is one entity as the pages of its records speak of it.
type Entity struct {
	Path   string // "/contacts"
	Title  string // "Contacts"
	One    string // "contact"
	Many   string // "contacts"
	Least  string // what a new one needs, in a sentence
	Fields []Field
	Unique string            // the field that no two living records share: "email"
	Also   map[string]string // the labels of what the log holds besides the fields; it follows from others
}

// Kind is how a field is typed.
type Kind int

// The kinds of field.
const (
	Text   Kind = iota // one line
	Long               // several lines
	Choice             // one of Options
	Parts              // several controls, by Control and Read
)

// Field is one field of an entity: what it is called and how it is typed.
type Field struct {
	Name     string
	Label    string
	Hint     string
	Kind     Kind
	Type     string // of the input: text, email, tel, date, number; text where empty
	Options  []ui.Option
	Attrs    templ.Attributes // of the control: inputmode, maxlength, list, …
	Quick    []ui.Option      // values that are chosen by one press; sent as "quick"
	Required bool
	Known    bool // others that are known by the same are warned of
	More     bool // stands folded away in the form

	Control func(value string, errs []ui.FieldError) templ.Component   // of Parts
	Read    func(form func(name string) (string, bool)) (string, bool) // the value of Parts from what was sent; false where nothing was
	Say     func(value string) string                                  // a value as a person reads it, nil for itself
	SayLog  func(text string) string                                   // the same of the text of the log
}

// Find returns the field of that name.
func (e Entity) Find(name string) (Field, bool) {
	i := slices.IndexFunc(e.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return e.Fields[i], true
}

// URL is the address of a record.
func (e Entity) URL(id uuid.UUID) string { return e.Path + "/" + id.String() }

// TrashURL is the address of a page of the trash.
func (e Entity) TrashURL(cursor string) string {
	if cursor == "" {
		return e.Path + "/trash"
	}
	return e.Path + "/trash?cursor=" + url.QueryEscape(cursor)
}

// Words is a value of the field as a person reads it: the label of a choice.
func (f Field) Words(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Label
		}
	}
	if f.Say != nil {
		return f.Say(value)
	}
	return value
}

// logged is the name of the field in the log, which names what an id stands for.
func (f Field) logged() string { return strings.TrimSuffix(f.Name, "Id") }

// Values are fields as they are typed, by their names. One that is not there is left as it is.
type Values map[string]string

// Text is the value of a field for a patch, nil for one that is left.
func (v Values) Text(name string) *string {
	value, ok := v[name]
	if !ok {
		return nil
	}
	return &value
}

// List is the value of a field that is typed with commas between its parts, like Text.
func (v Values) List(name string) *[]string {
	value, ok := v[name]
	if !ok {
		return nil
	}
	parts := strings.Split(value, ",")
	return &parts
}

// Props are what the page of one record shows, whatever the entity.
type Props struct {
	Entity    Entity
	Head      crm.Head
	MayChange bool
	MayGive   bool // to another owner
	MayDelete bool
	Open      map[uuid.UUID]bool // the companies that the record names and the viewer may open
	History   audit.Page
	Beside    Neighbours
	Kept      string // what addresses say of the list that the record was opened from, "" for nothing
	CSRF      string
}

// Base is the address of the record.
func (p Props) Base() string { return p.Entity.URL(p.Head.ID) }

// list is where the viewer came from.
func (p Props) list() string { return cmp.Or(p.Beside.List, p.Entity.Path) }

// Fact describes the field of that name on the page.
func (p Props) Fact(name string) FactProps {
	field, _ := p.Entity.Find(name)
	props := FactProps{Field: field, Base: p.Base(), Kept: p.Kept}
	if !p.MayChange || name == "ownerId" && !p.MayGive {
		props.Base = ""
	}
	return props
}

// With is an address that keeps what it says of a list.
func With(address, kept string) string {
	switch {
	case kept == "":
		return address
	case strings.Contains(address, "?"):
		return address + "&" + kept
	}
	return address + "?" + kept
}

func orNothing(value string) string {
	if value == "" {
		return "empty"
	}
	return value
}

// Neighbours are the records before and after one in the list it was opened from, as addresses; "" where there is none.
type Neighbours struct {
	List       string // the list itself; "" when the record was not opened from one
	Prev, Next string
}
