package change

import (
	"errors"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
)

// refusal is what a user reads when a constraint refuses a write.
type refusal struct {
	code    apperr.Code
	field   string
	message string
}

// refusals maps constraint names to answers. A constraint that is not here can
// only be hit by a fault of ours and answers as an internal error; a test walks
// the catalogue and asks for a decision about each.
var refusals = map[string]refusal{
	"contacts_tenant_id_email_key": {apperr.AlreadyExists, "email", "Another contact already has this e-mail address."},
	"contacts_owner_id_fkey":       {apperr.Validation, "ownerId", "This person does not belong to the business."},
	"contacts_company_id_fkey":     {apperr.Validation, "companyId", "This company does not exist."},
	"tenants_slug_key":             {apperr.AlreadyExists, "slug", "Another business already has this short name."},
	"tenants_slug_check":           {apperr.Validation, "slug", "Use small letters, digits and hyphens, at most 63."},
	"users_email_key":              {apperr.AlreadyExists, "email", "Somebody already has an account with this e-mail address."},
	"memberships_pkey":             {apperr.AlreadyExists, "email", "This person already belongs to the business."},
	"memberships_team_id_fkey":     {apperr.Validation, "teamId", "This team does not exist."},
	"teams_tenant_id_name_key":     {apperr.AlreadyExists, "name", "Another team already has this name."},
	"user_identities_user_id_issuer_key": {apperr.BusinessRule, "",
		"Another account at the same provider opens your account here already. If it should be this one, ask whoever runs PayAid to undo that."},
	"passkeys_credential_id_key":   {apperr.AlreadyExists, "name", "This passkey is known already."},
	"companies_tenant_id_name_key": {apperr.AlreadyExists, "name", "Another company already has this name."},
	"companies_owner_id_fkey":      {apperr.Validation, "ownerId", "This person does not belong to the business."},
	"companies_parent_id_fkey":     {apperr.Validation, "parentId", "This company does not exist."},

	"deals_stage_id_fkey":          {apperr.BusinessRule, "", "This pipeline still has deals, maybe in the trash. Move them to another one first."},
	"deals_contact_id_fkey":        {apperr.Validation, "contactId", "This contact does not exist."},
	"deals_company_id_fkey":        {apperr.Validation, "companyId", "This company does not exist."},
	"deals_owner_id_fkey":          {apperr.Validation, "ownerId", "This person does not belong to the business."},
	"pipelines_tenant_id_name_key": {apperr.AlreadyExists, "name", "Another pipeline already has this name."},
	"stages_pipeline_id_name_key":  {apperr.AlreadyExists, "name", "Another stage of this pipeline already has this name."},

	"activities_contact_id_fkey": {apperr.Validation, "contactId", "This contact does not exist."},
	"activities_company_id_fkey": {apperr.Validation, "companyId", "This company does not exist."},

	"invitations_tenant_id_email_key": {apperr.AlreadyExists, "email", "This person is invited already. Send the mail again from the list."},
	"invitations_team_id_fkey":        {apperr.Validation, "teamId", "This team does not exist."},
	"tags_tenant_id_name_key":         {apperr.AlreadyExists, "name", "There is a tag of this name already. Merge the two instead."},
	"saved_views_tenant_id_name_key":  {apperr.AlreadyExists, "name", "You already have a view of this name."},
}

// fencedRetry is when a write that had to wait for a restore is worth trying again.
const fencedRetry = 2 * time.Second

// Explain turns a database error that a user can act upon into an apperr error:
// a refused value, a busy or absent database, a lock held by somebody else. Every
// other error is returned as it is.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*apperr.Error](err); ok {
		return err
	}
	if r, ok := refusals[db.ViolatedConstraint(err)]; ok {
		e := apperr.Wrap(err, r.code, "%s", r.message)
		e.Details = []apperr.Detail{{Field: r.field, Message: r.message}}
		return e
	}
	switch {
	case errors.Is(err, db.ErrFenced):
		e := apperr.Wrap(err, apperr.Unavailable, "A backup is being restored, so nothing can be changed for a moment. Nothing was changed. Please try again.")
		e.RetryAfter = fencedRetry
		return e
	case db.IsLocked(err):
		return apperr.Wrap(err, apperr.Locked, "Somebody else is changing this right now. Please try again in a moment.")
	case db.IsDiskFull(err):
		e := apperr.Wrap(err, apperr.Unavailable, "The database has no space left. Nothing was changed. Please tell the administrator.")
		e.RetryAfter = time.Minute
		return e
	case db.IsUnavailable(err):
		return apperr.Busy(err, 2*time.Second)
	case db.IsTimeout(err):
		return apperr.Wrap(err, apperr.Timeout, "This took too long and was stopped. Nothing was changed.")
	}
	return err
}
