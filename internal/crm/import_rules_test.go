package crm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

const twice = "Name,Email,Phone,Company\nMeera Rao,meera@example.com,,Tea House\nNew Person,new@example.com,9876500001,\n,MEERA@example.com,9876500002,\nNew Again,new@example.com,,Tea House\n"

func TestDuplicatesFollowThePolicy(t *testing.T) {
	for _, dry := range []bool{false, true} {
		for _, c := range []struct {
			policy                            string
			created, updated, skipped, failed int64
		}{
			{crm.DuplicatesSkip, 1, 0, 3, 0},
			{crm.DuplicatesUpdate, 1, 3, 0, 0},
			{crm.DuplicatesCreate, 1, 0, 0, 3},
		} {
			t.Run(fmt.Sprintf("%s, dry %t", c.policy, dry), func(t *testing.T) {
				k := newDesk(t)
				before := k.add(t, k.asha, crm.ContactInput{FirstName: "M", Email: "meera@example.com", JobTitle: "Buyer", Phone: "9876500000"})
				in := csvInput(twice)
				in.Duplicates, in.DryRun = c.policy, dry
				i := k.bring(t, k.asha, in)
				k.wantCounts(t, i, c.created, c.updated, c.skipped, c.failed)
				meera := k.byEmail(t, "meera@example.com")
				switch {
				case dry || c.policy != crm.DuplicatesUpdate:
					if meera.Version != before.Version || meera.Phone != "+919876500000" {
						t.Errorf("was changed: %+v", meera)
					}
				case meera.Name != "Meera Rao" || meera.Phone != "+919876500002" || meera.JobTitle != "Buyer" || meera.Company != "Tea House" || meera.Version != 2:
					t.Errorf("became %+v", meera)
				}
				all := query[int64](t, k.office, "SELECT count(*) FROM contacts")[0]
				if dry && all != 1 || !dry && all != 2 {
					t.Errorf("%d contacts", all)
				}
				if !dry {
					fresh := k.byEmail(t, "new@example.com")
					name := map[string]string{crm.DuplicatesSkip: "New Person", crm.DuplicatesUpdate: "New Again", crm.DuplicatesCreate: "New Person"}[c.policy]
					if fresh.Name != name || fresh.Phone != "+919876500001" || fresh.OwnerID == nil || *fresh.OwnerID != k.asha.UserID {
						t.Errorf("the new one is %+v", fresh)
					}
				}
				audits := query[int64](t, k.office, "SELECT count(*) FROM audit_entries WHERE action = 'contact.import' AND entity = 'contact' AND after IS NOT NULL")[0]
				written := int64(1)
				if c.policy == crm.DuplicatesUpdate {
					written = 2
				}
				if dry && audits != 0 || !dry && audits != written {
					t.Errorf("%d audit entries", audits)
				}
			})
		}
	}
}

func TestAnImportChangesOnlyWhatItsStarterMay(t *testing.T) {
	k := newDesk(t)
	k.add(t, k.ravi, crm.ContactInput{FirstName: "Ravi's", Email: "r@example.com"})
	k.add(t, k.zoya, crm.ContactInput{FirstName: "Zoya's", Email: "z@example.com"})
	in := func() crm.ImportInput {
		in := csvInput("Name,Email\nChanged,r@example.com\nChanged,z@example.com\n")
		in.Duplicates = crm.DuplicatesUpdate
		return in
	}
	i := k.bring(t, k.asha, in())
	k.wantCounts(t, i, 0, 0, 0, 2)
	if e := k.errors(t, i); e[0].Details[0].Field != "email" || e[0].Line != 2 {
		t.Errorf("refused: %+v", e)
	}
	k.wantCounts(t, k.bring(t, k.manager, in()), 0, 1, 0, 1)
	k.wantCounts(t, k.bring(t, k.admin, in()), 0, 2, 0, 0)
}

func TestAnImportEndsWhenItsStarterIsGone(t *testing.T) {
	k := newDesk(t)
	secret, err := k.auth.CreateAPIKey(context.Background(), k.tenant, auth.APIKeyInput{Name: "Shop", Role: auth.Manager})
	if err != nil {
		t.Fatal(err)
	}
	key, err := k.auth.Key(context.Background(), secret)
	if err != nil {
		t.Fatal(err)
	}
	k.wantCounts(t, k.bring(t, key, csvInput("Name\nBy key\n")), 1, 0, 0, 0)
	byKey, byRavi := k.start(t, key, csvInput("Name\nA\n")), k.start(t, k.ravi, csvInput("Name\nA\n"))
	k.d.OwnerExec(t, "UPDATE api_keys SET revoked_at = now()")
	k.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", k.ravi.UserID)
	for _, c := range []struct {
		p    auth.Principal
		i    crm.Import
		says string
	}{{key, byKey, "API key"}, {k.ravi, byRavi, "no longer works here"}} {
		got := k.run(t, c.p, c.i)
		if got.Status != jobs.Failed || !strings.Contains(got.Message, c.says) || got.Counts.Total != 0 {
			t.Errorf("%s: %q, %+v", got.Status, got.Message, got.Counts)
		}
	}
}

func TestWhoSeesAnImport(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	i := k.bring(t, k.asha, csvInput("Name,Email\nA,bad\n"))
	k.now = k.now.Add(time.Minute)
	later := k.start(t, k.manager, csvInput("Name\nA\n"))
	for name, c := range map[string]struct {
		p    auth.Principal
		code apperr.Code
		list int
	}{
		"its starter": {k.asha, "", 1}, "a colleague": {k.ravi, apperr.NotFound, 0}, "the manager": {k.manager, "", 2},
		"the admin": {k.admin, "", 2}, "a key": {k.key, "", 2}, "another tenant": {k.out, apperr.NotFound, 0},
	} {
		_, err := k.Import(ctx, c.p, i.ID)
		wantCode(t, name+" looks", err, c.code)
		_, err = k.ImportErrors(ctx, c.p, i.ID, 0, 0)
		wantCode(t, name+" reads the errors", err, c.code)
		page, err := k.Imports(ctx, c.p, "", 0)
		if err != nil || len(page.Imports) != c.list {
			t.Errorf("%s lists %d imports, want %d (%v)", name, len(page.Imports), c.list, err)
		}
	}
	page, err := k.Imports(ctx, k.admin, "", 1)
	if err != nil || len(page.Imports) != 1 || page.Imports[0].ID != later.ID || page.Next == "" {
		t.Fatalf("the first page: %+v, %v", page, err)
	}
	page, err = k.Imports(ctx, k.admin, page.Next, 1)
	if err != nil || len(page.Imports) != 1 || page.Imports[0].ID != i.ID || page.Next != "" {
		t.Errorf("the second page: %+v, %v", page, err)
	}
	_, err = k.Imports(ctx, k.admin, "nonsense", 1)
	wantCode(t, "a cursor of nothing", err, apperr.Validation)
	_, err = k.Imports(ctx, k.admin, "", 101)
	wantCode(t, "a limit of 101", err, apperr.Validation)
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts WHERE tenant_id <> $1", k.tenant); n[0] != 0 {
		t.Errorf("%d contacts in another tenant", n[0])
	}
	err = k.RunImport(ctx, crm.ImportArgs{TenantID: k.out.TenantID, ImportID: later.ID, ActorKind: change.ActorUser, ActorID: k.out.UserID}, false)
	if !db.IsNoRows(err) {
		t.Errorf("a job of another tenant: %v", err)
	}
}
