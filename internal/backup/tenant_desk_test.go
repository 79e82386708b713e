package backup_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

// In production the panel can make no backup and has no key: it asks, with a key that
// somebody gives, and another process compares and restores.
func TestARestoreOfOneTenantIsAskedFor(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	// New backups are made for other keys by now.
	others := func(o *backup.Options) {
		o.Identities, o.Recipients = "", nil
		for range 2 {
			k, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			o.Recipients = append(o.Recipients, k.Recipient().String())
		}
	}
	d := b.desk(t, others)
	b.work(t, b.writes, others)

	compare := backup.Request{Verb: backup.VerbPlanTenant, Backup: made.ID, Identity: b.keys[1].String(), Tenant: backup.TenantRequest{Slug: "rao"}}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	wrong := compare
	wrong.Identity = stranger.String()
	if _, err := d.Ask(t.Context(), wrong); !errors.Is(err, backup.ErrWrongKey) {
		t.Errorf("a wrong key: %v", err)
	}
	gone := compare
	gone.Backup = uuid.New()
	if _, err := d.Ask(t.Context(), gone); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("no such backup: %v", err)
	}
	plan := ask(t, d, compare)
	until(t, d, plan, backup.JobCompleted)
	p, report, err := d.TenantPlan(t.Context(), plan)
	if err != nil || report != nil || diffOf(t, p, "contacts").Missing != 503 || p.From != made.ID {
		t.Fatalf("%+v, %+v, %v", p, report, err)
	}

	who := uuid.New()
	restore := ask(t, d, backup.Request{Verb: backup.VerbRestoreTenant, Backup: p.From, Identity: b.keys[1].String(),
		Tenant: backup.TenantRequest{Plan: plan, Mode: backup.BringBack, Tables: []string{"contacts"}, ActorID: who, ActorName: "Asha Shah", IP: "192.0.2.7", RequestID: "r7"}})
	until(t, d, restore, backup.JobCompleted)
	if _, report, err = d.TenantPlan(t.Context(), plan); err != nil || report == nil || resultOf(t, *report, "contacts").Inserted != 503 {
		t.Errorf("%+v, %v", report, err)
	}
	log := dbtest.Column[string](t, b.db.OwnerURL, "SELECT actor_id || ' ' || actor_name || ' ' || ip || ' ' || request_id FROM audit_entries WHERE tenant_id = $1", b.id)
	if want := []string{who.String() + " Asha Shah 192.0.2.7 r7"}; !slices.Equal(log, want) {
		t.Errorf("the log says %v, want %v", log, want)
	}
	if kept := dbtest.Column[bool](t, b.opsURL(), "SELECT identity IS NOT NULL FROM request"); slices.Contains(kept, true) {
		t.Error("a private key is kept after its use")
	}
	if _, a, err := d.TenantSource(t.Context(), report.Undo); err != nil || a == nil || a.Kind != backup.Undo {
		t.Errorf("what undoes it: %+v, %v", a, err)
	}

	again := ask(t, d, backup.Request{Verb: backup.VerbRestoreTenant, Backup: p.From, Identity: b.keys[1].String(), Tenant: backup.TenantRequest{Plan: plan, Mode: backup.BringBack}})
	if j := until(t, d, again, backup.JobFailed); !strings.Contains(j.Problem, "already") {
		t.Errorf("applied twice: %+v", j)
	}
}
