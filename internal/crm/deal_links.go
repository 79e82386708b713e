package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// linkDeal gives the input the ids of the contact and the company that it names,
// and refuses those that the principal does not see. What stays as it was is not
// asked about again. Who names a contact alone gets its company too.
func linkDeal(ctx context.Context, tx *change.Tx, p auth.Principal, before Deal, in *DealInput) error {
	if err := findContact(ctx, tx, p, in); err != nil {
		return err
	}
	var bad apperr.Fields
	if in.ContactID != nil && !sameID(in.ContactID, before.ContactID) {
		row, _, err := contactKind.seen(ctx, tx.Q, p, *in.ContactID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		bad.Check(err == nil && row.DeletedAt == nil, "contactId", "This contact does not exist, or you may not see it.")
		if in.CompanyID == nil && in.CompanyName == "" && before.ID == uuid.Nil {
			in.CompanyID = row.CompanyID
			return bad.Err()
		}
	}
	if in.CompanyID == nil {
		if err := bad.Err(); err != nil {
			return err
		}
		var err error
		in.CompanyID, err = ensureCompany(ctx, tx, p, in.CompanyName)
		return err
	}
	if !sameID(in.CompanyID, before.CompanyID) {
		row, _, err := companyKind.seen(ctx, tx.Q, p, *in.CompanyID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		bad.Check(err == nil && row.DeletedAt == nil, "companyId", "This company does not exist, or you may not see it.")
	}
	return bad.Err()
}

// findContact gives the input the id of the contact that it names.
func findContact(ctx context.Context, tx *change.Tx, p auth.Principal, in *DealInput) error {
	if in.ContactID != nil || in.ContactName == "" {
		return nil
	}
	ids, err := tx.Q.FindNamedContacts(ctx, db.FindNamedContactsParams{TenantID: p.TenantID, Name: in.ContactName})
	if err != nil {
		return fmt.Errorf("look for a contact: %w", err)
	}
	var bad apperr.Fields
	switch len(ids) {
	case 1:
		in.ContactID = &ids[0]
	case 0:
		bad.Add("contactId", "There is no contact of this name or e-mail. Add it first.")
	default:
		bad.Add("contactId", "Several contacts have this name. Enter the e-mail of the one you mean.")
	}
	return bad.Err()
}

// promote makes the contact of a deal that was won a customer. Whoever wins the
// deal need not be allowed to change the contact: it follows from the win.
func promote(ctx context.Context, tx *change.Tx, p auth.Principal, contact *uuid.UUID) error {
	if contact == nil {
		return nil
	}
	row, err := tx.Q.GetContact(ctx, db.GetContactParams{TenantID: p.TenantID, ID: *contact})
	if err != nil {
		return fmt.Errorf("read the contact of a deal: %w", err)
	}
	_, err = tx.Q.PromoteToCustomer(ctx, db.PromoteToCustomerParams{TenantID: p.TenantID, ID: *contact, Now: tx.Now})
	if db.IsNoRows(err) {
		return nil // a customer already, or in the trash
	}
	if err != nil {
		return fmt.Errorf("make the contact a customer: %w", err)
	}
	_, err = contactKind.tell(ctx, tx, p, *contact, "contact.update", contactFromRow(row))
	return err
}
