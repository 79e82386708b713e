package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// contactImports brings contacts in. A row is about the contact with its e-mail.
type contactImports struct{}

func (contactImports) kind() string { return entityContact }

func (contactImports) rights() (write, remove auth.Right) {
	return auth.ContactsWrite, auth.ContactsDelete
}

func (contactImports) identity() string { return "the name, the e-mail or the phone" }

// fold implements importEntity: parts of a name and of an address become one.
func (contactImports) fold(v map[string]string) {
	foldName(v)
	if part := take(v, fieldAddressPart); part != "" && v["address"] == "" {
		v["address"] = part
	}
}

// foldName makes first and last name of what files have instead.
func foldName(v map[string]string) {
	whole, middle := take(v, fieldName), take(v, fieldMiddleName)
	if whole != "" && v["firstName"] == "" && v["lastName"] == "" {
		words := strings.Fields(whole)
		v["firstName"] = strings.Join(words[:max(1, len(words)-1)], " ")
		if len(words) > 1 {
			v["lastName"] = words[len(words)-1]
		}
		return
	}
	if middle != "" {
		v["firstName"] = strings.TrimSpace(v["firstName"] + " " + middle)
	}
}

// roundedNumber is what Excel makes of a long number in a column of numbers.
var roundedNumber = regexp.MustCompile(`^\+?\d([.,]\d+)?[eE]\+?\d+$`)

// read implements importEntity. The input is a ContactInput, normalized.
func (contactImports) read(p auth.Principal, v map[string]string, before any) (input any, keys []string, problems []apperr.Detail) {
	base := Contact{OwnerID: p.User()}
	if before != nil {
		base = before.(Contact)
	}
	var bad apperr.Fields
	bad.Check(!roundedNumber.MatchString(v["phone"]), "phone", "The spreadsheet has rounded this number. Format the column as text and enter the number again.")
	in := patchFromValues(v, &bad).apply(base)
	in.normalize()
	if err := in.validate(); err != nil {
		for _, d := range apperr.From(err).Details {
			bad.Add(d.Field, d.Message)
		}
	}
	if in.Email != "" {
		keys = []string{in.Email}
	}
	return in, keys, bad.Details()
}

func patchFromValues(v map[string]string, bad *apperr.Fields) ContactPatch {
	text := func(field string) *string {
		if s, ok := v[field]; ok {
			return &s
		}
		return nil
	}
	p := ContactPatch{
		FirstName: text("firstName"), LastName: text("lastName"), Email: text("email"), Phone: text("phone"), Company: text("company"),
		JobTitle: text("jobTitle"), Source: text("source"), Address: text("address"), GSTIN: text("gstin"), Notes: text("notes"),
		Stage: text("stage"), Status: text("status"), Warmth: text("warmth"), NextFollowUp: text("nextFollowUp"),
	}
	if s, ok := v["tags"]; ok {
		tags := splitTags(s)
		p.Tags = &tags
	}
	if s, ok := v["leadScore"]; ok {
		n, err := strconv.Atoi(s)
		bad.Check(err == nil, "leadScore", "Choose a number from 0 to 100.")
		p.LeadScore = &n
	}
	if p.Stage != nil {
		if stage, ok := hubspotStages[columnKey(*p.Stage)]; ok {
			p.Stage = &stage
		}
	}
	return p
}

// splitTags splits at semicolons, else at commas. Google's own groups begin with a
// star, and everybody is in the one called myContacts.
func splitTags(s string) []string {
	separator := ","
	for _, other := range []string{multiValue, ";"} {
		if strings.Contains(s, other) {
			separator = other
			break
		}
	}
	var tags []string
	for tag := range strings.SplitSeq(s, separator) {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "* ")
		if tag != "" && tag != "myContacts" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// unique implements importEntity: the e-mail is the only key.
func (contactImports) unique(string) bool { return true }

func (contactImports) keyProblems(string) (taken, notYours apperr.Detail) {
	return apperr.Detail{Field: "email", Message: "Another contact already has this e-mail address."},
		apperr.Detail{Field: "email", Message: "A contact with this e-mail address exists, and you may not change it."}
}

// find implements importEntity.
func (contactImports) find(ctx context.Context, q *db.Queries, p auth.Principal, emails []string, lock bool) (map[string]heldRecord, error) {
	out := make(map[string]heldRecord)
	if len(emails) == 0 {
		return out, nil
	}
	if !lock {
		found, err := q.FindContactsByEmail(ctx, db.FindContactsByEmailParams{TenantID: p.TenantID, Emails: emails})
		for _, f := range found {
			out[f.Email] = heldRecord{id: f.ID}
		}
		return out, wrap(err, "find contacts by e-mail")
	}
	found, err := q.LockContactsByEmail(ctx, db.LockContactsByEmailParams{TenantID: p.TenantID, Emails: emails})
	for _, f := range found {
		out[f.Email] = heldContact(p, db.GetContactRow(f))
	}
	return out, wrap(err, "lock contacts by e-mail")
}

// findByID implements importEntity.
func (contactImports) findByID(ctx context.Context, q *db.Queries, p auth.Principal, ids []uuid.UUID) ([]heldRecord, error) {
	found, err := q.LockContactsByID(ctx, db.LockContactsByIDParams{TenantID: p.TenantID, Ids: ids})
	out := make([]heldRecord, len(found))
	for i, f := range found {
		out[i] = heldContact(p, db.GetContactRow(f))
	}
	return out, wrap(err, "lock contacts")
}

func heldContact(p auth.Principal, row db.GetContactRow) heldRecord {
	return heldRecord{id: row.ID, version: row.Version, record: contactFromRow(row), mayChange: p.MayChange(auth.Contacts, row.OwnerID, row.OwnerTeamID)}
}

// former implements importEntity.
func (contactImports) former(before []byte) (any, error) {
	var c Contact
	if err := json.Unmarshal(before, &c); err != nil {
		return nil, fmt.Errorf("read a contact from before the import: %w", err)
	}
	return ContactPatch{}.apply(c), nil
}

// arrange implements importEntity: companies are found or made with the contacts.
func (contactImports) arrange(context.Context, *db.Queries, auth.Principal, []*plannedRecord, func(string) bool) (map[*plannedRecord]apperr.Detail, error) {
	return nil, nil
}

// insert implements importEntity.
func (contactImports) insert(ctx context.Context, tx *change.Tx, p auth.Principal, contacts []*plannedRecord) ([]uuid.UUID, error) {
	rows, err := contactRecords(ctx, tx, p, contacts)
	if err != nil {
		return nil, err
	}
	ids, err := tx.Q.InsertContacts(ctx, db.InsertContactsParams{TenantID: p.TenantID, Rows: rows, Now: tx.Now})
	return ids, wrap(err, "insert contacts")
}

// update implements importEntity.
func (contactImports) update(ctx context.Context, tx *change.Tx, p auth.Principal, contacts []*plannedRecord) error {
	rows, err := contactRecords(ctx, tx, p, contacts)
	if err != nil {
		return err
	}
	return wrap(tx.Q.UpdateContacts(ctx, db.UpdateContactsParams{TenantID: p.TenantID, Rows: rows, Now: tx.Now}), "update contacts")
}

// trash implements importEntity.
func (contactImports) trash(ctx context.Context, tx *change.Tx, p auth.Principal, ids []uuid.UUID) error {
	return wrap(tx.Q.TrashContacts(ctx, db.TrashContactsParams{TenantID: p.TenantID, Ids: ids, Now: tx.Now}), "move contacts to the trash")
}
