package change

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/dbtest"
)

// ourOwnFault are the constraints that no input of a user can hit: whoever does
// has found a bug, which answers as an internal error.
var ourOwnFault = map[string]string{
	"tenants_pkey":          "ids are made here, or by a form that is sent twice, which join looks after",
	"users_pkey":            "ids are made here",
	"teams_pkey":            "ids are made here",
	"api_keys_pkey":         "ids are made here",
	"audit_entries_pkey":    "ids are made here",
	"cache_outbox_pkey":     "ids are made here",
	"cache_state_pkey":      "its one row is made by the migration, and nobody may insert",
	"job_progress_pkey":     "ids are made here",
	"companies_pkey":        "ids are made here",
	"contacts_pkey":         "ids are made here, and a save of a known id is an update",
	"saved_views_pkey":      "ids are made here, and a save of a known id is an update",
	"tags_pkey":             "ids are made here",
	"tag_runs_pkey":         "ids are made here",
	"tag_run_records_pkey":  "a repeated record is ON CONFLICT DO NOTHING",
	"default_views_pkey":    "a second choice is ON CONFLICT DO UPDATE",
	"imports_pkey":          "ids are made here",
	"notifications_pkey":    "ids are made here; one that is there already is left as it is",
	"mailbox_messages_pkey": "ids are made here",
	"password_resets_pkey":  "a known id is ON CONFLICT DO NOTHING",
	"goose_db_version_pkey": "the migrations' own",
	"import_errors_pkey":    "a refused line is written once; a repeated one is ON CONFLICT DO NOTHING",
	"idempotency_keys_pkey": "a taken key is ON CONFLICT DO UPDATE",
	"api_keys_prefix_key":   "a prefix is random",

	"user_identities_pkey":           "a known identity is ON CONFLICT DO NOTHING",
	"user_identities_user_id_fkey":   "the user is read before, and none is ever deleted",
	"password_resets_token_hash_key": "a token is random",
	"password_resets_user_id_fkey":   "the user is read in the same transaction, and none is ever deleted",
	"notifications_user_id_fkey":     "the user is read before, and none is ever deleted",
	"mailbox_messages_state_check":   "set by us only",

	"signups_pkey":                   "a known id is ON CONFLICT DO NOTHING",
	"signups_token_hash_key":         "a token is random",
	"invitations_pkey":               "ids are made here",
	"invitations_token_hash_key":     "a token is random",
	"invitations_tenant_id_fkey":     "the tenant comes from the principal",
	"invitations_email_check":        "validated before, in lower case",
	"invitations_role_check":         "validated before",
	"invitations_inviter_kind_check": "set by us only",
	"sample_records_pkey":            "a known record is ON CONFLICT DO NOTHING",
	"sample_records_tenant_id_fkey":  "the tenant comes from the principal",
	"sample_records_entity_check":    "set by us only",

	"activities_pkey":                    "ids are made here, and a save of a known id is an update",
	"activities_tenant_id_fkey":          "the tenant comes from the principal",
	"activities_author_id_fkey":          "the author is who writes",
	"activities_type_check":              "validated before",
	"activities_outcome_check":           "validated before",
	"activities_duration_minutes_check":  "validated before",
	"activities_text_check":              "validated before",
	"activities_link_check":              "validated before",
	"activity_comments_pkey":             "ids are made here",
	"activity_comments_activity_id_fkey": "the activity is held in the same transaction",
	"activity_comments_author_id_fkey":   "the author is who writes",
	"activity_comments_body_check":       "validated before",

	"teams_tenant_id_fkey":             "the tenant comes from the principal",
	"memberships_tenant_id_fkey":       "the tenant comes from the principal",
	"api_keys_tenant_id_fkey":          "the tenant comes from the principal",
	"audit_entries_tenant_id_fkey":     "the tenant comes from the principal",
	"idempotency_keys_tenant_id_fkey":  "the tenant comes from the principal",
	"job_progress_tenant_id_fkey":      "the tenant comes from the principal",
	"deals_pkey":                       "ids are made here",
	"deals_value_check":                "validated before",
	"deals_name_check":                 "validated before",
	"deals_probability_check":          "validated before",
	"deals_position_check":             "every move goes up by one, or halves: no business gets that far",
	"deals_closed_at_check":            "set with the state",
	"deals_reason_check":               "validated before",
	"pipelines_pkey":                   "ids are made here, and a save of a known id is an update",
	"pipelines_name_check":             "validated before",
	"pipelines_tenant_id_fkey":         "the tenant comes from the principal, or is being made",
	"stages_pkey":                      "ids are made here, and a save of a known id is an update",
	"stages_kind_key":                  "holds the primary key",
	"stages_end_key":                   "the stages of the ends are made with their pipeline, and nothing makes another",
	"stages_pipeline_id_fkey":          "the pipeline is locked in the same transaction",
	"stages_name_check":                "validated before",
	"stages_kind_check":                "set by us only",
	"stages_probability_check":         "validated before",
	"stages_rot_days_check":            "validated before",
	"deal_stage_history_pkey":          "ids are made here",
	"deal_stage_history_open_key":      "the stay before ends in the same transaction, under the lock of the deal",
	"deal_stage_history_deal_id_fkey":  "the deal is locked in the same transaction",
	"deal_stage_history_left_at_check": "a stay that would end before it began ends as it began",
	"companies_tenant_id_fkey":         "the tenant comes from the principal",
	"contacts_tenant_id_fkey":          "the tenant comes from the principal",
	"saved_views_tenant_id_fkey":       "the tenant comes from the principal",
	"saved_views_owner_id_fkey":        "the owner is who writes",
	"tags_tenant_id_fkey":              "the tenant comes from the principal",
	"tag_runs_id_fkey":                 "its progress is written with it",
	"tag_runs_undoes_fkey":             "the deletion is read in the same transaction, and runs are never deleted",
	"tag_runs_tenant_id_undoes_key":    "who undoes holds the tags, and finds what is undone already",
	"tag_run_records_run_id_fkey":      "the run is held while its records are written",
	"default_views_user_id_fkey":       "the person is who asks",
	"default_views_view_id_fkey":       "the view is read in the same transaction",
	"memberships_user_id_fkey":         "the user is made in the same transaction",
	"imports_id_fkey":                  "the progress row is made in the same transaction",
	"import_errors_import_id_fkey":     "the job works on an import that exists",
	"imports_undo_id_fkey":             "the progress row is made in the same transaction",
	"import_records_pkey":              "a record written again is ON CONFLICT DO UPDATE",
	"import_records_import_id_fkey":    "the job works on an import that exists",
	"import_drafts_pkey":               "ids are made here",
	"import_drafts_created_by_fkey":    "only somebody who belongs to the business uploads",
	"import_mappings_pkey":             "a mapping chosen again is ON CONFLICT DO UPDATE",
	"import_mappings_tenant_id_fkey":   "the tenant is the principal's",

	"user_totp_pkey":              "a second one is ON CONFLICT DO NOTHING",
	"recovery_codes_pkey":         "a code is random",
	"passkeys_pkey":               "ids are made here",
	"user_totp_user_id_fkey":      "the user is locked in the same transaction, and none is ever deleted",
	"recovery_codes_user_id_fkey": "the user is locked in the same transaction, and none is ever deleted",
	"passkeys_user_id_fkey":       "the user is locked in the same transaction, and none is ever deleted",
	"passkeys_name_check":         "validated before",

	"cache_state_single_check":       "its one row is made by the migration, and nobody may insert",
	"tenants_name_check":             "validated before",
	"tenants_closed_at_check":        "set by us only",
	"tenants_logo_check":             "set by us only",
	"tenants_fiscal_month_check":     "validated before",
	"users_theme_check":              "validated before",
	"users_photo_check":              "set by us only",
	"api_keys_previous_check":        "set by us only",
	"tenants_status_check":           "set by us only",
	"users_email_check":              "validated before, in lower case",
	"users_name_check":               "validated before",
	"teams_name_check":               "validated before",
	"memberships_role_check":         "validated before",
	"api_keys_name_check":            "validated before",
	"api_keys_role_check":            "validated before",
	"audit_entries_actor_kind_check": "set by us only",
	"job_progress_status_check":      "set by us only",
	"job_progress_done_check":        "set by us only",
	"companies_name_check":           "validated before",
	"companies_parent_id_check":      "refused before, as a circle",
	"companies_type_check":           "validated before",
	"companies_annual_revenue_check": "validated before",
	"companies_employees_check":      "validated before",
	"companies_email_check":          "brought to lower case before",
	"companies_addresses_check":      "made here",
	"contacts_name_check":            "validated before",
	"contacts_email_check":           "validated before, in lower case",
	"contacts_stage_check":           "validated before",
	"contacts_status_check":          "validated before",
	"contacts_warmth_check":          "validated before",
	"contacts_lead_score_check":      "validated before",
	"imports_entity_check":           "validated before",
	"saved_views_entity_check":       "set by us only",
	"saved_views_name_check":         "validated before",
	"saved_views_density_check":      "validated before",
	"tags_name_check":                "validated before",
	"tags_colour_check":              "validated before",
	"tag_runs_action_check":          "set by us only",
	"tag_run_records_entity_check":   "set by us only",
	"imports_duplicates_check":       "validated before",

	"bulk_runs_pkey":                 "ids are made here",
	"bulk_runs_id_fkey":              "the progress row is made in the same transaction",
	"bulk_runs_undoes_fkey":          "the run is locked in the same transaction",
	"bulk_runs_tenant_id_undoes_key": "the run is locked while it is looked for, and then found",
	"bulk_items_pkey":                "the run is locked while its records are numbered",
	"bulk_items_run_id_fkey":         "the run is made or locked in the same transaction",
	"bulk_items_outcome_check":       "set by us only",
	"list_settings_pkey":             "a second choice is ON CONFLICT DO UPDATE",
	"list_settings_user_id_fkey":     "the person is who asks",
	"list_settings_density_check":    "validated before",
	"list_settings_page_size_check":  "validated before",
}

func TestEveryConstraintHasADecision(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dbtest.New(t).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `
		SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c', 'x')
		UNION
		SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for _, n := range names {
		exists[n] = true
		_, answered := refusals[n]
		if answered == (ourOwnFault[n] != "") {
			t.Errorf("%s: say in refusals what the user reads, or in ourOwnFault why no user can hit it (one of the two)", n)
		}
	}
	for n := range refusals {
		if !exists[n] {
			t.Errorf("refusals names %s, which does not exist", n)
		}
	}
	for n := range ourOwnFault {
		if !exists[n] {
			t.Errorf("ourOwnFault names %s, which does not exist", n)
		}
	}
}

func TestExplain(t *testing.T) {
	pg := func(code, constraint string) error {
		return fmt.Errorf("save: %w", &pgconn.PgError{Code: code, ConstraintName: constraint, Message: "internal words"})
	}
	timeout, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	for name, c := range map[string]struct {
		err   error
		code  apperr.Code
		field string
		after time.Duration
	}{
		"a taken e-mail":              {pg("23505", "contacts_tenant_id_email_key"), apperr.AlreadyExists, "email", 0},
		"an owner from elsewhere":     {pg("23503", "contacts_owner_id_fkey"), apperr.Validation, "ownerId", 0},
		"a wrong slug":                {pg("23514", "tenants_slug_check"), apperr.Validation, "slug", 0},
		"a fault of ours":             {pg("23505", "contacts_pkey"), apperr.Internal, "", 0},
		"the name without its kind":   {pg("42501", "contacts_tenant_id_email_key"), apperr.Internal, "", 0},
		"a lock held too long":        {pg("55P03", ""), apperr.Locked, "", 0},
		"a deadlock":                  {pg("40P01", ""), apperr.Locked, "", 0},
		"the statement's time":        {pg("57014", ""), apperr.Timeout, "", 0},
		"the caller's time":           {fmt.Errorf("x: %w", timeout.Err()), apperr.Timeout, "", 0},
		"a full disk":                 {pg("53100", ""), apperr.Unavailable, "", time.Minute},
		"a server that stops":         {pg("57P01", ""), apperr.Unavailable, "", 2 * time.Second},
		"a server that crashed":       {pg("57P02", ""), apperr.Unavailable, "", 2 * time.Second},
		"a server that starts":        {pg("57P03", ""), apperr.Unavailable, "", 2 * time.Second},
		"too many connections":        {pg("53300", ""), apperr.Unavailable, "", 2 * time.Second},
		"a standby":                   {pg("25006", ""), apperr.Unavailable, "", 2 * time.Second},
		"a connection cut off":        {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), apperr.Unavailable, "", 2 * time.Second},
		"a full pool":                 {fmt.Errorf("x: %w", db.ErrBusy), apperr.Unavailable, "", 2 * time.Second},
		"an error that is explained":  {apperr.New(apperr.NotFound, "There is no such thing."), apperr.NotFound, "", 0},
		"explained although from pg":  {apperr.Wrap(pg("40P01", ""), apperr.Conflict, "Again."), apperr.Conflict, "", 0},
		"anything else":               {errors.New("disk on fire"), apperr.Internal, "", 0},
		"a row level security denial": {pg("42501", ""), apperr.Internal, "", 0},
	} {
		got := Explain(c.err)
		e := apperr.From(got)
		if e.Code != c.code || e.RetryAfter != c.after || (c.field != "") != (len(e.Details) == 1) || (c.field != "" && e.Field(c.field) == "") {
			t.Errorf("%s: %s %+v retry after %s", name, e.Code, e.Details, e.RetryAfter)
		}
		if !errors.Is(got, c.err) && !errors.Is(errors.Unwrap(got), c.err) {
			t.Errorf("%s: the cause is lost to the log: %v", name, got)
		}
		if e.Message == "" || e.Message == c.err.Error() && c.code == apperr.Internal {
			t.Errorf("%s: the user reads %q", name, e.Message)
		}
	}
	if Explain(nil) != nil {
		t.Error("nil is not an error")
	}
}

func TestALiveDatabaseIsExplained(t *testing.T) {
	d := dbtest.New(t)
	dead, err := db.Open(context.Background(), d.AppURL, db.Options{MaxConns: 1, AcquireTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	hold, err := dead.Pool().Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Release()
	_, err = Do(context.Background(), &Writer{DB: dead, Now: time.Now}, Actor{}, "x", nil, func(context.Context, *Tx) (int, error) { return 0, nil })
	if e := apperr.From(err); e.Code != apperr.Unavailable || e.RetryAfter == 0 {
		t.Errorf("a full pool: %v", err)
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := Explain(d.InTx(short, func(tx pgx.Tx, _ *db.Queries) error {
		_, err := tx.Exec(short, "SELECT pg_sleep(5)")
		return err
	})); !apperr.Is(err, apperr.Timeout) {
		t.Errorf("the caller's time ran out: %v", err)
	}
}
