// Package deals holds the pages of deals: the board, the record and the forms. It shows what it is given; what a user may see and
// do is decided before.
package deals

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/internal/money"
	"payaid/views/list"
	"payaid/views/ui"
)

// BoardProps are what the board shows.
type BoardProps struct {
	Board     crm.Board
	Pipelines []crm.Pipeline
	Query     string // of the search
	Now       time.Time
	MayCreate bool
	Changes   map[uuid.UUID]bool // the deals that the viewer may move
	NoAccess  bool               // the viewer sees no deal at all, whatever there is
	CSRF      string
}

// url is the address of the board with the parameters that say something.
func (p BoardProps) url(params map[string]string) string {
	all := map[string]string{"q": p.Query}
	if len(p.Pipelines) > 0 && p.Board.Pipeline.ID != p.Pipelines[0].ID {
		all["pipeline"] = p.Board.Pipeline.ID.String()
	}
	for name, value := range params {
		all[name] = value
	}
	return list.At("/deals", all)
}

// place is the address of a column at a place of it.
func (p BoardProps) place(stage uuid.UUID, cursor string) string {
	return p.url(map[string]string{"stage": stage.String(), "cursor": cursor}) + "#stage-" + stage.String()
}

func (p BoardProps) empty() bool {
	for _, c := range p.Board.Columns {
		if c.Sum.Count > 0 || len(c.Deals.Items) > 0 {
			return false
		}
	}
	return true
}

func pipelineOptions(all []crm.Pipeline) []ui.Option {
	out := make([]ui.Option, len(all))
	for i, p := range all {
		out[i] = ui.Option{Value: p.ID.String(), Label: p.Name}
	}
	return out
}

// sumTitle says a column's sums in full.
func sumTitle(s crm.DealSum) string {
	return money.INR(s.Value) + ", by probability " + money.INR(s.Weighted)
}

func count(n int64) string { return list.Group(n) }

// RecordProps are what the page of one deal shows.
type RecordProps struct {
	Deal        crm.Deal
	Pipeline    crm.Pipeline
	Stages      []crm.DealStage
	Now         time.Time
	ContactOpen bool // the viewer may open the contact
	CompanyOpen bool // the viewer may open the company
	MayChange   bool
	MayDelete   bool
	CSRF        string
}

func tone(state string) ui.Tone {
	switch state {
	case crm.DealWon:
		return ui.ToneOK
	case crm.DealLost:
		return ui.ToneNeutral
	}
	return ui.ToneInfo
}

func recordURL(id uuid.UUID) string { return "/deals/" + id.String() }

// day writes a stored date the way people read it.
func day(date string) string {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	return d.Format("2 Jan 2006")
}

// lasting is a time in a stage in words.
func lasting(d time.Duration) string {
	days, hours := int(d.Hours())/24, int(d.Hours())
	switch {
	case days == 1:
		return "1 day"
	case days > 1:
		return strconv.Itoa(days) + " days"
	case hours == 1:
		return "1 hour"
	case hours > 1:
		return strconv.Itoa(hours) + " hours"
	}
	return "less than an hour"
}

// Values are the fields of the form as they were typed.
type Values struct {
	Name, Contact, Company, ExpectedClose, Source, Notes, Reason, Competitor string
	Value                                                                    string // rupees
	Probability                                                              string // percent; "" leaves it to the stage
	Stage                                                                    string // of a new deal
	Owner                                                                    string // a user's id, ui.NoOwner, or "" to leave it
}

// ValuesOf fills the form with a deal.
func ValuesOf(d crm.Deal) Values {
	v := Values{
		Name: d.Name, Contact: d.Contact, Company: d.Company, ExpectedClose: d.ExpectedClose, Source: d.Source, Notes: d.Notes, Reason: d.Reason, Competitor: d.Competitor,
		Value: strings.TrimPrefix(money.INR(d.Value), "₹\u00a0"), Stage: d.StageID.String(), Owner: ui.NoOwner,
	}
	if d.OwnChance != nil {
		v.Probability = strconv.Itoa(*d.OwnChance)
	}
	if d.OwnerID != nil {
		v.Owner = d.OwnerID.String()
	}
	return v
}

// FormProps are what the form shows.
type FormProps struct {
	ID        uuid.UUID // uuid.Nil for a new deal
	State     string    // of a deal that is changed
	Version   int64     // that the values were read from
	Values    Values
	Errors    []ui.FieldError
	Current   *crm.Deal   // set when somebody else saved meanwhile: what is stored now
	Stages    []ui.Option // the open ones, for a new deal
	Owners    []ui.Option // empty when the viewer may not choose
	Companies []string    // suggestions
	Dialog    bool
	CSRF      string
}

func (p FormProps) isNew() bool { return p.ID == uuid.Nil }

func (p FormProps) action() string {
	if p.isNew() {
		return "/deals"
	}
	return recordURL(p.ID)
}

func (p FormProps) sheet() ui.FormSheetProps {
	s := ui.FormSheetProps{Title: "Edit deal", Action: p.action(), Cancel: p.action(), Submit: "Save deal", CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog}
	if p.isNew() {
		s.Title, s.Text = "New deal", "A name is enough."
	}
	return s
}

// field describes a control, with what was refused about it.
func (p FormProps) field(name, label, value string) ui.FieldProps {
	return field(p.Errors, name, label, value)
}

func field(errors []ui.FieldError, name, label, value string) ui.FieldProps {
	f := ui.FieldProps{Name: name, Label: label, Value: value}
	for _, e := range errors {
		if e.Field == name {
			f.Error = e.Message
		}
	}
	return f
}

func (p FormProps) differences() []ui.Difference {
	stored, mine := ValuesOf(*p.Current), p.Values
	return ui.Differing(
		[3]string{"Name", mine.Name, stored.Name}, [3]string{"Value", mine.Value, stored.Value}, [3]string{"Probability", mine.Probability, stored.Probability},
		[3]string{"Expected close", mine.ExpectedClose, stored.ExpectedClose}, [3]string{"Contact", mine.Contact, stored.Contact}, [3]string{"Company", mine.Company, stored.Company},
		[3]string{"Source", mine.Source, stored.Source}, [3]string{"Reason", mine.Reason, stored.Reason}, [3]string{"Competitor", mine.Competitor, stored.Competitor},
		[3]string{"Notes", mine.Notes, stored.Notes},
	)
}

// StageOptions are the stages to choose from; only the open ones where a deal begins.
func StageOptions(p crm.Pipeline, all bool) []ui.Option {
	var out []ui.Option
	for _, s := range p.Stages {
		if all || s.Kind == crm.DealOpen {
			out = append(out, ui.Option{Value: s.ID.String(), Label: s.Name})
		}
	}
	return out
}

// LoseProps are what is asked when a deal is lost.
type LoseProps struct {
	Deal               crm.Deal
	Stage              string // the id of the lost stage
	Version            string
	Reason, Competitor string
	Errors             []ui.FieldError
	Dialog             bool
	CSRF               string
}
