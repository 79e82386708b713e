package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// companyImports brings companies in. A row is about the company with its GSTIN or
// else with its name; a row without a GSTIN also about the one with its e-mail or
// its phone, which branches with GSTINs of their own may share.
type companyImports struct{}

// The kinds of key of a company.
const (
	keyGSTIN = "gstin:"
	keyName  = "name:"
	keyEmail = "email:"
	keyPhone = "phone:"
)

func (companyImports) kind() string { return entityCompany }

func (companyImports) rights() (write, remove auth.Right) {
	return auth.CompaniesWrite, auth.CompaniesDelete
}

func (companyImports) identity() string { return "the name" }

// fold implements importEntity: what files have besides is read with the company.
func (companyImports) fold(map[string]string) {}

// read implements importEntity. The input is a CompanyInput, normalized.
func (companyImports) read(p auth.Principal, v map[string]string, before any) (input any, keys []string, problems []apperr.Detail) {
	base := Company{OwnerID: p.User()}
	if before != nil {
		base = before.(Company)
	}
	var bad apperr.Fields
	bad.Check(!roundedNumber.MatchString(v["phone"]), "phone", "The spreadsheet has rounded this number. Format the column as text and enter the number again.")
	in := companyFromValues(v, base, &bad).apply(base)
	in.normalize()
	if err := in.validate(); err != nil {
		for _, d := range apperr.From(err).Details {
			bad.Add(strings.TrimPrefix(d.Field, "addresses[0]."), d.Message)
		}
	}
	return in, companyKeys(in), bad.Details()
}

func companyFromValues(v map[string]string, base Company, bad *apperr.Fields) CompanyPatch {
	text := func(field string) *string {
		if s, ok := v[field]; ok {
			return &s
		}
		return nil
	}
	p := CompanyPatch{
		Name: text("name"), Type: text("type"), Industry: text("industry"), Website: text("website"), Phone: text("phone"), Email: text("email"),
		GSTIN: text("gstin"), Notes: text("notes"), ParentName: text(fieldParent),
	}
	if p.Type != nil {
		kind := strings.ToLower(*p.Type)
		if known, ok := companyKinds[columnKey(kind)]; ok {
			kind = known
		}
		p.Type = &kind
	}
	if s, ok := v["tags"]; ok {
		tags := splitTags(s)
		p.Tags = &tags
	}
	if s, ok := v["employees"]; ok {
		n, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
		bad.Check(err == nil, "employees", "Enter a number from 0 to 10,000,000.")
		employees := &n
		p.Employees = &employees
	}
	p.AnnualRevenue = revenueFrom(v, bad)
	if places := firstAddress(v, base.Addresses, bad); len(places) > 0 {
		p.Addresses = &places
	}
	return p
}

// revenueFrom reads the revenue, which PayAid's own files have in paise and all
// others in rupees.
func revenueFrom(v map[string]string, bad *apperr.Fields) **int64 {
	var revenue *int64
	if s, ok := v["annualRevenuePaise"]; ok {
		n, err := strconv.ParseInt(s, 10, 64)
		bad.Check(err == nil, "annualRevenuePaise", "Enter a whole number of paise.")
		revenue = &n
	} else if s, ok := v[fieldRevenue]; ok {
		n, ok := paise(s)
		bad.Check(ok, fieldRevenue, "Enter an amount in rupees, such as 12,34,567.50.")
		revenue = &n
	}
	if revenue == nil {
		return nil
	}
	return &revenue
}

func companyKeys(in CompanyInput) []string {
	var keys []string
	if in.GSTIN != "" {
		keys = append(keys, keyGSTIN+in.GSTIN)
	}
	keys = append(keys, keyName+strings.ToLower(in.Name))
	if in.GSTIN == "" && in.Email != "" {
		keys = append(keys, keyEmail+in.Email)
	}
	if in.GSTIN == "" && in.Phone != "" {
		keys = append(keys, keyPhone+in.Phone)
	}
	return keys
}

// unique implements importEntity: branches may share what is no name.
func (companyImports) unique(key string) bool { return strings.HasPrefix(key, keyName) }

func (companyImports) keyProblems(key string) (taken, notYours apperr.Detail) {
	kind, _, _ := strings.Cut(key, ":")
	what := map[string]string{keyGSTIN: "GSTIN", keyName: "name", keyEmail: "e-mail address", keyPhone: "phone number"}[kind+":"]
	return apperr.Detail{Field: kind, Message: "Another company already has this " + what + "."},
		apperr.Detail{Field: kind, Message: "A company with this " + what + " exists, and you may not change it."}
}

// find implements importEntity.
func (companyImports) find(ctx context.Context, q *db.Queries, p auth.Principal, keys []string, lock bool) (map[string]heldRecord, error) {
	if len(keys) == 0 {
		return map[string]heldRecord{}, nil
	}
	byKind := map[string][]string{}
	for _, key := range keys {
		kind, value, _ := strings.Cut(key, ":")
		byKind[kind+":"] = append(byKind[kind+":"], value)
	}
	found := make(foundCompanies)
	if !lock {
		rows, err := q.FindCompaniesByKeys(ctx, db.FindCompaniesByKeysParams{
			TenantID: p.TenantID, Names: byKind[keyName], Gstins: byKind[keyGSTIN], Emails: byKind[keyEmail], Phones: byKind[keyPhone],
		})
		for _, r := range rows {
			found.add(heldRecord{id: r.ID}, r.Name, r.Gstin, r.Email, r.Phone)
		}
		return found.one(), wrap(err, "find companies")
	}
	rows, err := q.LockCompaniesByKeys(ctx, db.LockCompaniesByKeysParams{
		TenantID: p.TenantID, Names: byKind[keyName], Gstins: byKind[keyGSTIN], Emails: byKind[keyEmail], Phones: byKind[keyPhone],
	})
	if err != nil {
		return nil, fmt.Errorf("lock companies: %w", err)
	}
	for _, r := range rows {
		held, err := heldCompany(p, db.GetCompanyRow(r))
		if err != nil {
			return nil, err
		}
		found.add(held, r.Name, r.Gstin, r.Email, r.Phone)
	}
	return found.one(), nil
}

// foundCompanies are all living companies by each of their keys.
type foundCompanies map[string][]heldRecord

func (f foundCompanies) add(held heldRecord, name, gstin, email, phone string) {
	for _, key := range []string{keyName + strings.ToLower(name), keyGSTIN + gstin, keyEmail + email, keyPhone + phone} {
		f[key] = append(f[key], held)
	}
}

// one leaves the keys that lead to one company.
func (f foundCompanies) one() map[string]heldRecord {
	out := make(map[string]heldRecord, len(f))
	for key, held := range f {
		if len(held) == 1 && !strings.HasSuffix(key, ":") {
			out[key] = held[0]
		}
	}
	return out
}

// findByID implements importEntity.
func (companyImports) findByID(ctx context.Context, q *db.Queries, p auth.Principal, ids []uuid.UUID) ([]heldRecord, error) {
	rows, err := q.LockCompaniesByID(ctx, db.LockCompaniesByIDParams{TenantID: p.TenantID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("lock companies: %w", err)
	}
	out := make([]heldRecord, len(rows))
	for i, r := range rows {
		if out[i], err = heldCompany(p, db.GetCompanyRow(r)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func heldCompany(p auth.Principal, row db.GetCompanyRow) (heldRecord, error) {
	c, err := companyFromRow(row)
	return heldRecord{id: row.ID, version: row.Version, record: c, mayChange: p.MayChange(auth.Companies, row.OwnerID, row.OwnerTeamID)}, err
}

// former implements importEntity.
func (companyImports) former(before []byte) (any, error) {
	var c Company
	if err := json.Unmarshal(before, &c); err != nil {
		return nil, fmt.Errorf("read a company from before the import: %w", err)
	}
	return CompanyPatch{}.apply(c), nil
}

// insert implements importEntity.
func (companyImports) insert(ctx context.Context, tx *change.Tx, p auth.Principal, companies []*plannedRecord) ([]uuid.UUID, error) {
	rows, err := companyRecords(tx, p, companies)
	if err != nil {
		return nil, err
	}
	ids, err := tx.Q.InsertCompanies(ctx, db.InsertCompaniesParams{TenantID: p.TenantID, Rows: rows, Now: tx.Now})
	return ids, wrap(err, "insert companies")
}

// update implements importEntity.
func (companyImports) update(ctx context.Context, tx *change.Tx, p auth.Principal, companies []*plannedRecord) error {
	rows, err := companyRecords(tx, p, companies)
	if err != nil {
		return err
	}
	return wrap(tx.Q.UpdateCompanies(ctx, db.UpdateCompaniesParams{TenantID: p.TenantID, Rows: rows, Now: tx.Now}), "update companies")
}

// trash implements importEntity.
func (companyImports) trash(ctx context.Context, tx *change.Tx, p auth.Principal, ids []uuid.UUID) error {
	return wrap(tx.Q.TrashCompanies(ctx, db.TrashCompaniesParams{TenantID: p.TenantID, Ids: ids, Now: tx.Now}), "move companies to the trash")
}
