package crm

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// Deal is one sale that the business works on. Unknown texts are "".
type Deal struct {
	ID            uuid.UUID  `json:"id"`
	Name          string     `json:"name"`
	Value         int64      `json:"valuePaise"`
	Probability   int        `json:"probability"`    // in percent: that of the stage, of an open deal its own if it has one
	OwnChance     *int       `json:"ownProbability"` // nil: that of the stage counts
	PipelineID    uuid.UUID  `json:"pipelineId"`
	Pipeline      string     `json:"pipeline"`
	StageID       uuid.UUID  `json:"stageId"`
	Stage         string     `json:"stage"`
	State         string     `json:"state"` // one of DealStates
	StageSince    time.Time  `json:"stageSince"`
	RotDays       int        `json:"rotDays"`       // of the stage; 0: never
	ExpectedClose string     `json:"expectedClose"` // YYYY-MM-DD in the tenant's time zone, or ""
	ClosedAt      *time.Time `json:"closedAt"`
	Reason        string     `json:"reason"` // why it was won or lost
	Competitor    string     `json:"competitor"`
	Source        string     `json:"source"`
	Notes         string     `json:"notes"`
	ContactID     *uuid.UUID `json:"contactId"`
	Contact       string     `json:"contact"` // "" also while it lies in the trash
	CompanyID     *uuid.UUID `json:"companyId"`
	Company       string     `json:"company"` // "" also while it lies in the trash
	OwnerID       *uuid.UUID `json:"ownerId"`
	Owner         string     `json:"owner"`
	OwnerTeamID   *uuid.UUID `json:"ownerTeamId"` // decides who may change it
	Version       int64      `json:"version"`
	CreatedAt     time.Time  `json:"createdAt"`
	UpdatedAt     time.Time  `json:"updatedAt"`
	DeletedAt     *time.Time `json:"deletedAt"`
}

// maxDealValue is ₹ 10,000 crore in paise: sums of very many deals stay exact.
const maxDealValue = 10_000_000_000_000

// Rotting reports whether an open deal has stayed in its stage for longer than the
// stage allows.
func (d Deal) Rotting(now time.Time) bool {
	return d.State == DealOpen && d.RotDays > 0 && now.Sub(d.StageSince) > time.Duration(d.RotDays)*24*time.Hour
}

// MayChange reports whether the principal may change the deal, which it sees.
func (d Deal) MayChange(p auth.Principal) bool {
	return p.Can(auth.DealsWrite) && p.MayChange(auth.Deals, d.OwnerID, d.OwnerTeamID)
}

// DealInput is what a new deal is made from.
type DealInput struct {
	Name          string
	Value         int64      // paise
	Probability   *int       // nil: that of the stage
	StageID       *uuid.UUID // an open one; nil: the first of the default pipeline
	ExpectedClose string     // YYYY-MM-DD or ""
	Source        string
	Notes         string
	Reason        string // of a deal that is closed
	Competitor    string
	ContactID     *uuid.UUID
	ContactName   string // the e-mail or the name of a contact; does nothing when ContactID is set
	CompanyID     *uuid.UUID
	CompanyName   string     // a company of this name is found or made; does nothing when CompanyID is set
	OwnerID       *uuid.UUID // nil: whoever creates it
}

// DealPatch changes the fields that are not nil. "" empties a text; uuid.Nil takes
// an id away, a pointer to nil leaves the probability to the stage.
type DealPatch struct {
	Name, ExpectedClose, Source, Notes, Reason, Competitor, ContactName, CompanyName *string
	Value                                                                            *int64
	Probability                                                                      **int
	StageID, ContactID, CompanyID, OwnerID                                           *uuid.UUID
}

// apply returns the input that the deal d would be made from after the patch.
func (p DealPatch) apply(d Deal) DealInput {
	in := DealInput{
		Name: d.Name, Value: d.Value, ExpectedClose: d.ExpectedClose, Source: d.Source, Notes: d.Notes, Reason: d.Reason, Competitor: d.Competitor,
		ContactID: d.ContactID, CompanyID: d.CompanyID, OwnerID: d.OwnerID, StageID: p.StageID, Probability: d.OwnChance,
	}
	set(&in.Name, p.Name)
	set(&in.Value, p.Value)
	set(&in.Probability, p.Probability)
	set(&in.ExpectedClose, p.ExpectedClose)
	set(&in.Source, p.Source)
	set(&in.Notes, p.Notes)
	set(&in.Reason, p.Reason)
	set(&in.Competitor, p.Competitor)
	if p.ContactName != nil && *p.ContactName != d.Contact { // one that lies in the trash has no name here and stays
		in.ContactID, in.ContactName = nil, *p.ContactName
	}
	if p.CompanyName != nil && *p.CompanyName != d.Company {
		in.CompanyID, in.CompanyName = nil, *p.CompanyName
	}
	in.ContactID, in.CompanyID, in.OwnerID = known(in.ContactID, p.ContactID), known(in.CompanyID, p.CompanyID), known(in.OwnerID, p.OwnerID)
	return in
}

// Input is what a new deal is made from whose fields are those of the patch.
func (p DealPatch) Input() DealInput { return p.apply(Deal{}) }

// normalize trims; validate tells what remains wrong.
func (in *DealInput) normalize() {
	for _, s := range []*string{&in.Name, &in.Source, &in.Competitor, &in.ContactName, &in.CompanyName} {
		*s = plainName(*s)
	}
	in.Notes, in.Reason, in.ExpectedClose = strings.TrimSpace(in.Notes), strings.TrimSpace(in.Reason), strings.TrimSpace(in.ExpectedClose)
}

func (in *DealInput) validate() error {
	var f apperr.Fields
	f.Check(in.Name != "", "name", "Enter the deal's name.")
	for _, s := range []struct {
		field, value string
		most         int
	}{
		{"name", in.Name, maxShort}, {"source", in.Source, maxShort}, {"competitor", in.Competitor, maxShort}, {"contactId", in.ContactName, maxShort},
		{"companyId", in.CompanyName, maxShort}, {"reason", in.Reason, maxReason}, {"notes", in.Notes, maxLong},
	} {
		f.Check(utf8.RuneCountInString(s.value) <= s.most, s.field, "Use at most "+strconv.Itoa(s.most)+" characters.")
		f.Check(printable(s.value), s.field, "This text holds characters that cannot be stored.")
	}
	f.Check(in.Value >= 0 && in.Value <= maxDealValue, "valuePaise", "Enter an amount that is not negative, up to ₹ 10,000 crore.")
	f.Check(in.Probability == nil || *in.Probability >= 0 && *in.Probability <= 100, "probability", "Enter a number from 0 to 100.")
	if _, err := dayOf(in.ExpectedClose); err != nil {
		f.Add("expectedClose", "Enter a date as YYYY-MM-DD.")
	}
	return f.Err()
}

// maxReason is how many characters the reason of an end has at most.
const maxReason = 500

// dayOf reads a date, at midnight UTC; nil for "".
func dayOf(date string) (*time.Time, error) {
	if date == "" {
		return nil, nil
	}
	d, err := time.Parse(time.DateOnly, date)
	return &d, err
}

func dealFromRow(r db.GetDealRow) Deal {
	d := Deal{
		ID: r.ID, Name: r.Name, Value: r.Value, Probability: int(r.StageProbability), PipelineID: r.PipelineID, Pipeline: r.PipelineName, StageID: r.StageID,
		Stage: r.StageName, State: r.State, StageSince: r.StageSince, RotDays: int(r.RotDays), ClosedAt: r.ClosedAt, Reason: r.Reason, Competitor: r.Competitor,
		Source: r.Source, Notes: r.Notes, ContactID: r.ContactID, Contact: r.ContactName, CompanyID: r.CompanyID, Company: r.CompanyName,
		OwnerID: r.OwnerID, Owner: r.OwnerName, OwnerTeamID: r.OwnerTeamID, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
	}
	if r.Probability != nil {
		own := int(*r.Probability)
		d.OwnChance = &own
		if d.State == DealOpen {
			d.Probability = own
		}
	}
	if r.ExpectedClose != nil {
		d.ExpectedClose = r.ExpectedClose.Format(time.DateOnly)
	}
	return d
}
