package api

import (
	"time"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

// Contact is a contact as programs see it.
type Contact struct {
	ID              uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	FirstName       string     `json:"firstName" example:"Asha"`
	LastName        string     `json:"lastName" example:"Rao"`
	Name            string     `json:"name" example:"Asha Rao" doc:"What lists show: the name, else the e-mail, else the phone"`
	Email           string     `json:"email" example:"asha@example.in" doc:"In lower case; empty when unknown, like every text here"`
	Phone           string     `json:"phone" example:"+919876543210" doc:"In E.164 form"`
	CompanyID       *uuid.UUID `json:"companyId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	Company         string     `json:"company" example:"Rao Traders"`
	JobTitle        string     `json:"jobTitle" example:"Owner"`
	Source          string     `json:"source" example:"Trade fair"`
	Address         string     `json:"address" example:"12 MG Road, Pune 411001"`
	GSTIN           string     `json:"gstin" example:"27AAPFU0939F1ZV"`
	Notes           string     `json:"notes" example:"Prefers calls after 5 pm."`
	Tags            []string   `json:"tags" nullable:"false" example:"wholesale,pune"`
	Stage           string     `json:"stage" enum:"prospect,contact,customer" example:"prospect" doc:"How far the relation has come"`
	Status          string     `json:"status" enum:"active,inactive,lost" example:"active"`
	Warmth          string     `json:"warmth" enum:"cold,warm,hot" example:"warm" doc:"How likely they are to buy"`
	LeadScore       int        `json:"leadScore" minimum:"0" maximum:"100" example:"40"`
	LastContactedAt *time.Time `json:"lastContactedAt" example:"2026-11-20T10:15:00Z"`
	NextFollowUp    *string    `json:"nextFollowUp" format:"date" example:"2026-12-01" doc:"A day in the business's time zone"`
	OwnerID         *uuid.UUID `json:"ownerId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"Who looks after the contact"`
	Owner           string     `json:"owner" example:"Meera Iyer"`
	Version         int64      `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
	CreatedAt       time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt       time.Time  `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
	DeletedAt       *time.Time `json:"deletedAt" doc:"When the contact went to the trash; null while it lives"`
}

func contactOf(c crm.Contact) Contact {
	out := Contact{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Name: c.Name, Email: c.Email, Phone: c.Phone, CompanyID: c.CompanyID,
		Company: c.Company, JobTitle: c.JobTitle, Source: c.Source, Address: c.Address, GSTIN: c.GSTIN, Notes: c.Notes, Tags: c.Tags,
		Stage: c.Stage, Status: c.Status, Warmth: c.Warmth, LeadScore: c.LeadScore, LastContactedAt: utc(c.LastContactedAt),
		OwnerID: c.OwnerID, Owner: c.Owner, Version: c.Version, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(), DeletedAt: utc(c.DeletedAt),
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	if c.NextFollowUp != "" {
		out.NextFollowUp = &c.NextFollowUp
	}
	return out
}

// utc writes times the same way wherever they come from.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// ContactFields are the fields of a contact that a program may write.
type ContactFields struct {
	FirstName       Optional[string]     `json:"firstName" required:"false" maxLength:"200" example:"Asha" doc:"One of firstName, lastName, email and phone must be known"`
	LastName        Optional[string]     `json:"lastName" required:"false" maxLength:"200" example:"Rao"`
	Email           Optional[string]     `json:"email" required:"false" format:"email" maxLength:"254" example:"asha@example.in" doc:"Unique among the contacts that are not in the trash"`
	Phone           Optional[string]     `json:"phone" required:"false" example:"98765 43210" doc:"In any usual form; Indian unless it begins with +"`
	Company         Optional[string]     `json:"company" required:"false" maxLength:"200" example:"Rao Traders" doc:"A name: the company is found or made"`
	JobTitle        Optional[string]     `json:"jobTitle" required:"false" maxLength:"200" example:"Owner"`
	Source          Optional[string]     `json:"source" required:"false" maxLength:"200" example:"Trade fair" doc:"Where the contact came from"`
	Address         Optional[string]     `json:"address" required:"false" maxLength:"10000" example:"12 MG Road, Pune 411001"`
	GSTIN           Optional[string]     `json:"gstin" required:"false" example:"27AAPFU0939F1ZV" doc:"15 characters; the check character is verified"`
	Notes           Optional[string]     `json:"notes" required:"false" maxLength:"10000" example:"Prefers calls after 5 pm."`
	Tags            Optional[[]string]   `json:"tags" required:"false" maxItems:"50" maxLength:"50" example:"wholesale,pune" doc:"Kept in lower case, each once"`
	Stage           Optional[string]     `json:"stage" required:"false" nullable:"false" enum:"prospect,contact,customer" example:"prospect" doc:"prospect when a new contact names none"`
	Status          Optional[string]     `json:"status" required:"false" nullable:"false" enum:"active,inactive,lost" example:"active" doc:"active when a new contact names none"`
	Warmth          Optional[string]     `json:"warmth" required:"false" nullable:"false" enum:"cold,warm,hot" example:"warm" doc:"cold when a new contact names none"`
	LeadScore       Optional[int]        `json:"leadScore" required:"false" nullable:"false" minimum:"0" maximum:"100" example:"40"`
	NextFollowUp    Optional[string]     `json:"nextFollowUp" required:"false" format:"date" example:"2026-12-01"`
	LastContactedAt Optional[*time.Time] `json:"lastContactedAt" required:"false" example:"2026-11-20T10:15:00Z" doc:"Not in the future"`
	OwnerID         Optional[uuid.UUID]  `json:"ownerId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"A person of the business. A new contact without one belongs to whoever creates it; a change to null takes the owner away"`
}

func (f *ContactFields) input() crm.ContactInput {
	in := crm.ContactInput{
		FirstName: f.FirstName.Value, LastName: f.LastName.Value, Email: f.Email.Value, Phone: f.Phone.Value, Company: f.Company.Value,
		JobTitle: f.JobTitle.Value, Source: f.Source.Value, Address: f.Address.Value, GSTIN: f.GSTIN.Value, Notes: f.Notes.Value, Tags: f.Tags.Value,
		Stage: f.Stage.Value, Status: f.Status.Value, Warmth: f.Warmth.Value, LeadScore: f.LeadScore.Value, NextFollowUp: f.NextFollowUp.Value, LastContactedAt: f.LastContactedAt.Value,
	}
	if f.OwnerID.Value != uuid.Nil {
		in.OwnerID = &f.OwnerID.Value
	}
	return in
}

func (f *ContactFields) patch() crm.ContactPatch {
	return crm.ContactPatch{
		FirstName: f.FirstName.pointer(), LastName: f.LastName.pointer(), Email: f.Email.pointer(), Phone: f.Phone.pointer(),
		Company: f.Company.pointer(), JobTitle: f.JobTitle.pointer(), Source: f.Source.pointer(), Address: f.Address.pointer(),
		GSTIN: f.GSTIN.pointer(), Notes: f.Notes.pointer(), Tags: f.Tags.pointer(), Stage: f.Stage.pointer(), Status: f.Status.pointer(),
		Warmth: f.Warmth.pointer(), LeadScore: f.LeadScore.pointer(), NextFollowUp: f.NextFollowUp.pointer(), LastContactedAt: f.LastContactedAt.pointer(), OwnerID: f.OwnerID.pointer(),
	}
}
