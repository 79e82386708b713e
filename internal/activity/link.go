package activity

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// anchor is a kind of record that an activity can hang on: a column of activities
// and how the area of that record says who sees it. A further entity joins with a
// column and a line in anchors.
type anchor struct {
	entity, table, column, field string
	read                         auth.Right
	id                           func(contact, company *uuid.UUID) *uuid.UUID
	subject                      func(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (crm.Subject, error)
}

// anchors in their order: the first that is set is the one that an activity hangs
// on.
var anchors = []anchor{
	{auth.Contacts, "contacts", "contact_id", "contactId", auth.ContactsRead, func(contact, _ *uuid.UUID) *uuid.UUID { return contact }, crm.SubjectContact},
	{auth.Companies, "companies", "company_id", "companyId", auth.CompaniesRead, func(_, company *uuid.UUID) *uuid.UUID { return company }, crm.SubjectCompany},
}

// hangsOn returns the anchor of an activity with these links.
func hangsOn(contact, company *uuid.UUID) (anchor, uuid.UUID) {
	for _, a := range anchors {
		if id := a.id(contact, company); id != nil {
			return a, *id
		}
	}
	return anchor{}, uuid.Nil
}

// see reads the record that hangs on these links; NotFound where the principal does
// not see it.
func see(ctx context.Context, q *db.Queries, p auth.Principal, contact, company *uuid.UUID) (crm.Subject, error) {
	a, id := hangsOn(contact, company)
	return a.subject(ctx, q, p, id)
}

// checkLinks refuses links to records that the principal does not see, and gives an
// activity of a contact the contact's company.
func checkLinks(ctx context.Context, q *db.Queries, p auth.Principal, in *Input) error {
	var f apperr.Fields
	for _, a := range anchors {
		id := a.id(in.ContactID, in.CompanyID)
		if id == nil {
			continue
		}
		subject, err := a.subject(ctx, q, p, *id)
		if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.NoPermission) {
			f.Add(a.field, "This record does not exist, or you may not see it.")
			continue
		}
		if err != nil {
			return err
		}
		if in.CompanyID == nil && subject.CompanyID != nil {
			in.CompanyID = subject.CompanyID
			break // it stands beside the contact, whoever sees it
		}
	}
	return f.Err()
}

// visible names the activities that the principal sees and says in SQL what see says
// in Go. Each row asks for its own record by the primary key: a join would have to
// read all records that somebody sees.
func visible(p auth.Principal) (name string, only listing.Condition) {
	var cases strings.Builder
	var names []string
	for _, a := range anchors {
		scope, where := crm.Scope(p, a.entity, "r")
		if !p.Can(a.read) {
			scope, where = "nothing", listing.Condition{SQL: "false"}
		}
		if where.SQL == "" {
			where.SQL = "true"
		}
		names = append(names, a.table+" "+scope)
		cases.WriteString(" WHEN c." + a.column + " IS NOT NULL THEN coalesce((SELECT r.deleted_at IS NULL AND " + where.SQL + " FROM " + a.table +
			" r WHERE r.tenant_id = c.tenant_id AND r.id = c." + a.column + "), false)")
		only.Args = append(only.Args, where.Args...)
	}
	only.SQL = "CASE" + cases.String() + " ELSE false END"
	return strings.Join(names, ", "), only
}
