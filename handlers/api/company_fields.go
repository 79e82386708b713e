package api

import (
	"time"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

// Company is a company as programs see it.
type Company struct {
	ID            uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	Name          string     `json:"name" example:"Rao Traders"`
	ParentID      *uuid.UUID `json:"parentId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47" doc:"The company that this one is a part of"`
	Parent        string     `json:"parent" example:"Rao Group" doc:"Its name; empty also while it lies in the trash"`
	Type          string     `json:"type" enum:"customer,partner,competitor" example:"customer"`
	Industry      string     `json:"industry" example:"Textiles" doc:"Empty when unknown, like every text here"`
	AnnualRevenue *int64     `json:"annualRevenuePaise" minimum:"0" example:"1234567800" doc:"In paise; null when unknown"`
	Employees     *int       `json:"employees" minimum:"0" example:"45" doc:"null when unknown"`
	Website       string     `json:"website" example:"https://raotraders.example.in"`
	Phone         string     `json:"phone" example:"+912026123456" doc:"In E.164 form"`
	Email         string     `json:"email" example:"office@raotraders.example.in" doc:"In lower case"`
	GSTIN         string     `json:"gstin" example:"27AAPFU0939F1ZV"`
	Tags          []string   `json:"tags" nullable:"false" example:"wholesale,pune"`
	Notes         string     `json:"notes" example:"Closed on Mondays."`
	Addresses     []Address  `json:"addresses" nullable:"false"`
	OwnerID       *uuid.UUID `json:"ownerId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"Who looks after the company"`
	Owner         string     `json:"owner" example:"Meera Iyer"`
	Version       int64      `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
	CreatedAt     time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt     time.Time  `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
	DeletedAt     *time.Time `json:"deletedAt" doc:"When the company went to the trash; null while it lives"`
}

// Address is one place of a company.
type Address struct {
	Label     string `json:"label" required:"false" maxLength:"50" example:"Billing" doc:"What the address is for: billing, shipping, warehouse"`
	Lines     string `json:"lines" required:"false" maxLength:"500" example:"12 MG Road" doc:"Street and building; may hold line breaks"`
	City      string `json:"city" required:"false" maxLength:"200" example:"Pune"`
	StateCode string `json:"stateCode" required:"false" example:"27" doc:"The code of GST; 96 is another country"`
	PIN       string `json:"pin" required:"false" example:"411001"`
}

func companyOf(c crm.Company) Company {
	out := Company{
		ID: c.ID, Name: c.Name, ParentID: c.ParentID, Parent: c.Parent, Type: c.Type, Industry: c.Industry, AnnualRevenue: c.AnnualRevenue, Employees: c.Employees,
		Website: c.Website, Phone: c.Phone, Email: c.Email, GSTIN: c.GSTIN, Tags: c.Tags, Notes: c.Notes,
		Addresses: each(c.Addresses, func(a crm.Address) Address { return Address(a) }),
		OwnerID:   c.OwnerID, Owner: c.Owner, Version: c.Version, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(), DeletedAt: utc(c.DeletedAt),
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	return out
}

// CompanyFields are the fields of a company that a program may write.
type CompanyFields struct {
	Name          Optional[string]    `json:"name" required:"false" maxLength:"200" example:"Rao Traders" doc:"Unique among the companies that are not in the trash, whatever its case"`
	ParentID      Optional[uuid.UUID] `json:"parentId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47" doc:"The company that this one is a part of: no circle, at most 5 levels"`
	Type          Optional[string]    `json:"type" required:"false" nullable:"false" enum:"customer,partner,competitor" example:"customer" doc:"customer when a new company names none"`
	Industry      Optional[string]    `json:"industry" required:"false" maxLength:"200" example:"Textiles"`
	AnnualRevenue Optional[*int64]    `json:"annualRevenuePaise" required:"false" minimum:"0" example:"1234567800" doc:"In paise"`
	Employees     Optional[*int]      `json:"employees" required:"false" minimum:"0" maximum:"10000000" example:"45"`
	Website       Optional[string]    `json:"website" required:"false" maxLength:"500" example:"raotraders.example.in" doc:"https:// where no scheme is named"`
	Phone         Optional[string]    `json:"phone" required:"false" example:"020 2612 3456" doc:"In any usual form; Indian unless it begins with +"`
	Email         Optional[string]    `json:"email" required:"false" format:"email" maxLength:"254" example:"office@raotraders.example.in"`
	GSTIN         Optional[string]    `json:"gstin" required:"false" example:"27AAPFU0939F1ZV" doc:"15 characters; the check character is verified"`
	Tags          Optional[[]string]  `json:"tags" required:"false" maxItems:"50" maxLength:"50" example:"wholesale,pune" doc:"Kept in lower case, each once"`
	Notes         Optional[string]    `json:"notes" required:"false" maxLength:"10000" example:"Closed on Mondays."`
	Addresses     Optional[[]Address] `json:"addresses" required:"false" maxItems:"10" doc:"All of them: what is not sent again is gone"`
	OwnerID       Optional[uuid.UUID] `json:"ownerId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"A person of the business. A new company without one belongs to whoever creates it; a change to null takes the owner away"`
}

func (f *CompanyFields) input() crm.CompanyInput {
	in := crm.CompanyInput{
		Name: f.Name.Value, Type: f.Type.Value, Industry: f.Industry.Value, AnnualRevenue: f.AnnualRevenue.Value, Employees: f.Employees.Value,
		Website: f.Website.Value, Phone: f.Phone.Value, Email: f.Email.Value, GSTIN: f.GSTIN.Value, Tags: f.Tags.Value, Notes: f.Notes.Value,
		Addresses: places(f.Addresses.Value),
	}
	if f.ParentID.Value != uuid.Nil {
		in.ParentID = &f.ParentID.Value
	}
	if f.OwnerID.Value != uuid.Nil {
		in.OwnerID = &f.OwnerID.Value
	}
	return in
}

func (f *CompanyFields) patch() crm.CompanyPatch {
	p := crm.CompanyPatch{
		Name: f.Name.pointer(), ParentID: f.ParentID.pointer(), Type: f.Type.pointer(), Industry: f.Industry.pointer(), Website: f.Website.pointer(),
		Phone: f.Phone.pointer(), Email: f.Email.pointer(), GSTIN: f.GSTIN.pointer(), Tags: f.Tags.pointer(), Notes: f.Notes.pointer(), OwnerID: f.OwnerID.pointer(),
		AnnualRevenue: f.AnnualRevenue.pointer(), Employees: f.Employees.pointer(),
	}
	if f.Addresses.Sent {
		list := places(f.Addresses.Value)
		p.Addresses = &list
	}
	return p
}

func places(list []Address) []crm.Address {
	return each(list, func(a Address) crm.Address { return crm.Address(a) })
}
