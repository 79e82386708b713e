package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/backup"
	"payaid/internal/change"
	"payaid/internal/dbtest"
)

// tags notes what becomes old in the cache.
type tags struct {
	sync.Mutex
	ended []string
}

func (g *tags) Mark(context.Context, pgx.Tx, uuid.UUID, uuid.UUID, []string) error { return nil }

func (g *tags) End(_ context.Context, tenant, _ uuid.UUID, names []string) error {
	g.Lock()
	defer g.Unlock()
	g.ended = append(g.ended, tenant.String()+" "+strings.Join(names, ","))
	return nil
}

// business is a tenant with people, a company and some contacts that refer to them.
type business struct {
	*fixture
	tags    *tags
	id      uuid.UUID
	owner   uuid.UUID
	company uuid.UUID
	asha    uuid.UUID
	vikram  uuid.UUID
	leela   uuid.UUID
}

// newBusiness fills the first tenant of a fixture, rao.
func newBusiness(t *testing.T) *business {
	t.Helper()
	f := newFixture(t)
	b := &business{fixture: f, tags: &tags{}, id: f.tenants[0], owner: uuid.New(), company: uuid.New(), asha: uuid.New(), vikram: uuid.New(), leela: uuid.New()}
	for _, tenant := range f.tenants {
		f.db.OwnerExec(t, "UPDATE contacts SET email = 'c' || right(id::text, 12) || '@example.test' WHERE tenant_id = $1", tenant)
	}
	f.db.OwnerExec(t, `INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at)
		VALUES ($1, 'owner@rao.test', 'Meera Rao', 'argon2-of-meera', now(), now(), now())`, b.owner)
	f.db.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'owner', now(), now())", b.id, b.owner)
	f.db.OwnerExec(t, "INSERT INTO companies (tenant_id, id, name, owner_id, created_at, updated_at) VALUES ($1, $2, 'Rao Mills', $3, now(), now())", b.id, b.company, b.owner)
	f.db.OwnerExec(t, `INSERT INTO api_keys (tenant_id, id, name, prefix, secret_hash, role, created_at)
		VALUES ($1, gen_random_uuid(), 'shop', 'pk_shop', 'hash-of-the-key', 'member', now())`, b.id)
	for id, name := range map[uuid.UUID]string{b.asha: "Asha", b.vikram: "Vikram", b.leela: "Leela"} {
		f.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, email, phone, company_id, owner_id, tags, next_follow_up, created_at, updated_at)
			VALUES ($1, $2, $3, lower($3) || '@x.test', '+919812345678', $4, $5, '{vip,"from, shop"}', 'infinity', now(), now())`, b.id, id, name, b.company, b.owner)
	}
	return b
}

func (b *business) service(change ...func(*backup.Options)) *backup.Service {
	return b.fixture.service(append([]func(*backup.Options){b.writes}, change...)...)
}

func (b *business) writes(o *backup.Options) {
	o.Write = &change.Writer{DB: b.db.DB, Tags: b.tags, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

func (b *business) plan(t *testing.T, id uuid.UUID) backup.TenantPlan {
	t.Helper()
	p, err := b.service().PlanTenant(t.Context(), id, "rao")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *business) apply(t *testing.T, plan uuid.UUID, mode backup.TenantMode, tables ...string) backup.TenantReport {
	t.Helper()
	r, err := b.service().ApplyTenant(t.Context(), restoreOf(plan, mode, tables...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func restoreOf(plan uuid.UUID, mode backup.TenantMode, tables ...string) backup.TenantRestore {
	return backup.TenantRestore{Plan: plan, Mode: mode, Tables: tables, Actor: change.Actor{Kind: change.ActorSystem, Name: "Test"}}
}

func tableOf[T any](t *testing.T, all []T, name func(T) string, want string) T {
	t.Helper()
	i := slices.IndexFunc(all, func(x T) bool { return name(x) == want })
	if i < 0 {
		t.Fatalf("nothing is said of %s", want)
	}
	return all[i]
}

func diffOf(t *testing.T, p backup.TenantPlan, table string) backup.TableDifference {
	return tableOf(t, p.Tables, func(d backup.TableDifference) string { return d.Table }, table)
}

func resultOf(t *testing.T, r backup.TenantReport, table string) backup.TableResult {
	return tableOf(t, r.Tables, func(d backup.TableResult) string { return d.Table }, table)
}

// digest is of every row that is not of the first tenant, but for the log of the
// installation and what backups write.
func (b *business) digest(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	for _, table := range dbtest.Column[string](t, b.db.OwnerURL, `SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`) {
		where := ""
		if len(dbtest.Column[int](t, b.db.OwnerURL, "SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'tenant_id'", "public."+table)) > 0 {
			where = " WHERE tenant_id <> '" + b.id.String() + "'"
		}
		fmt.Fprintln(h, table, dbtest.Column[string](t, b.db.OwnerURL, "SELECT t::text FROM "+table+" t"+where+" ORDER BY 1"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// one asks for one text of the first tenant's contact.
func (b *business) one(t *testing.T, id uuid.UUID, expression string) string {
	t.Helper()
	got := dbtest.Column[string](t, b.db.OwnerURL, "SELECT coalesce(("+expression+")::text, 'NULL') FROM contacts WHERE tenant_id = $1 AND id = $2", b.id, id)
	return strings.Join(got, " ")
}

// "I deleted all my contacts": half of them into the trash, the others for good.
func TestDeletedContactsComeBack(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1 AND id <> $2 AND id <> $3", b.id, b.vikram, b.leela)
	b.db.OwnerExec(t, "UPDATE contacts SET deleted_at = now(), version = version + 1, phone = '+911' WHERE tenant_id = $1 AND id = $2", b.id, b.vikram)
	b.db.OwnerExec(t, "UPDATE contacts SET job_title = 'Director', version = version + 1 WHERE tenant_id = $1 AND id = $2", b.id, b.leela)
	b.db.OwnerExec(t, "UPDATE companies SET deleted_at = now() WHERE tenant_id = $1 AND id = $2", b.id, b.company)
	recent := uuid.New()
	b.db.OwnerExec(t, "INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, $2, 'Recent', now(), now())", b.id, recent)
	others := b.digest(t)

	p := b.plan(t, made.ID)
	d := diffOf(t, p, "contacts")
	if d.Missing != 501 || d.Trashed != 1 || d.Changed != 1 || d.Added != 1 || d.Same != 0 {
		t.Errorf("contacts: %+v", d)
	}
	if c := diffOf(t, p, "companies"); c.Trashed != 1 || len(c.Samples) != 1 || c.Samples[0].Title != "Rao Mills" {
		t.Errorf("companies: %+v", c)
	}
	if !slices.ContainsFunc(d.Samples, func(s backup.Sample) bool {
		return s.State == "changed" && s.Title == "Leela" && slices.Equal(s.Columns, []string{"job_title"})
	}) {
		t.Errorf("samples %+v", d.Samples)
	}
	if b.digest(t) != others || b.one(t, b.asha, "name") != "" {
		t.Error("a comparison wrote something")
	}

	r := b.apply(t, p.ID, backup.BringBack)
	got := resultOf(t, r, "contacts")
	if want := (backup.TableResult{Table: "contacts", Inserted: 501, Undeleted: 1, Kept: 2}); got != want {
		t.Errorf("contacts: %+v, want %+v", got, want)
	}
	for id, want := range map[uuid.UUID]string{
		b.asha:   "Asha +919812345678 Rao Mills Meera vip 2 NULL",
		b.vikram: "Vikram +911 Rao Mills Meera vip 3 NULL", // what was edited before it went into the trash stays
		b.leela:  "Leela +919812345678 Rao Mills Meera vip 2 Director",
	} {
		got := b.one(t, id, `first_name || ' ' || phone || ' ' || company_name || ' ' || (SELECT split_part(u.name, ' ', 1) FROM users u WHERE u.id = owner_id) || ' ' ||
			tags[1] || ' ' || version || ' ' || coalesce(nullif(job_title, ''), deleted_at::text, 'NULL')`)
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := b.one(t, b.asha, "next_follow_up || ' ' || tags[2] || ' ' || company_id"); got != "infinity from, shop "+b.company.String() {
		t.Errorf("Asha's other values: %s", got)
	}
	if b.one(t, recent, "name") != "Recent" {
		t.Error("what is new is gone")
	}
	if b.digest(t) != others {
		t.Error("something of another tenant has changed")
	}
	b.wantTold(t, r)

	// Once is enough, and there is nothing left to do.
	if _, err := b.service().ApplyTenant(t.Context(), restoreOf(p.ID, backup.BringBack)); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "already") {
		t.Errorf("applied again: %v", err)
	}
	again := b.apply(t, b.plan(t, made.ID).ID, backup.BringBack)
	if again.Restored() != 0 {
		t.Errorf("restored again: %+v", again.Tables)
	}
	if left := b.scratches(t); len(left) > 0 {
		t.Errorf("copies are left: %v", left)
	}
}

// wantTold fails unless the logs and every replica's cache know of the restore.
func (b *business) wantTold(t *testing.T, r backup.TenantReport) {
	t.Helper()
	log := dbtest.Column[string](t, b.db.OwnerURL, "SELECT coalesce(tenant_id::text, 'installation') || ' ' || action || ' ' || (after ->> 'undo') FROM audit_entries ORDER BY tenant_id")
	if want := []string{b.id.String() + " tenant.restore " + r.Undo.String(), "installation tenant.restore " + r.Undo.String()}; !slices.Equal(log, want) {
		t.Errorf("the logs say %v, want %v", log, want)
	}
	if len(b.tags.ended) != 1 || !strings.HasPrefix(b.tags.ended[0], b.id.String()+" *") {
		t.Errorf("old in the cache: %v", b.tags.ended)
	}
	if states := dbtest.Column[string](t, b.opsURL(), "SELECT verb FROM job WHERE state = 'completed' ORDER BY id"); !slices.Equal(states, []string{"create", "compare tenant", "restore tenant"}) {
		t.Errorf("history %v", states)
	}
	if p, kept, err := b.service().TenantPlan(t.Context(), r.Plan); err != nil || kept == nil || kept.Undo != r.Undo || p.Slug != "rao" {
		t.Errorf("kept: %+v, %v", kept, err)
	}
}

// As it was: edits go, what is new goes into the trash, and the archive made before
// undoes all of that.
func TestABusinessAsItWasAndBack(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	recent := uuid.New()
	b.db.OwnerExec(t, "UPDATE contacts SET deleted_at = now(), phone = '+911', version = 7 WHERE tenant_id = $1 AND id = $2", b.id, b.vikram)
	b.db.OwnerExec(t, "UPDATE contacts SET job_title = 'Director', email = 'boss@x.test', version = 9 WHERE tenant_id = $1 AND id = $2", b.id, b.leela)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1 AND id = $2", b.id, b.asha)
	// In the way of Leela's former address until it is in the trash.
	b.db.OwnerExec(t, "INSERT INTO contacts (tenant_id, id, first_name, email, created_at, updated_at) VALUES ($1, $2, 'Recent', 'leela@x.test', now(), now())", b.id, recent)
	b.db.OwnerExec(t, "UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1", b.id)
	b.db.OwnerExec(t, "UPDATE memberships SET role = 'admin' WHERE tenant_id = $1", b.id)
	others := b.digest(t)

	r := b.apply(t, b.plan(t, made.ID).ID, backup.AsItWas)
	if got, want := resultOf(t, r, "contacts"), (backup.TableResult{Table: "contacts", Inserted: 1, Reverted: 2, Trashed: 1}); got != want {
		t.Errorf("contacts: %+v, want %+v; %+v", got, want, r.Clashes)
	}
	state := `first_name || ' ' || email || ' ' || phone || ' ' || job_title || ' ' || (deleted_at IS NULL)`
	for id, want := range map[uuid.UUID]string{
		b.asha: "Asha asha@x.test +919812345678  true", b.vikram: "Vikram vikram@x.test +919812345678  true",
		b.leela: "Leela leela@x.test +919812345678  true", recent: "Recent leela@x.test   false",
	} {
		if got := b.one(t, id, state); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := b.one(t, b.leela, "version"); got != "10" {
		t.Errorf("version %s, want one that nobody has seen", got)
	}
	if n := dbtest.Column[int64](t, b.db.OwnerURL, "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL")[0]; n != 0 {
		t.Error("a revoked key works again")
	}
	if role := dbtest.Column[string](t, b.db.OwnerURL, "SELECT role FROM memberships")[0]; role != "admin" {
		t.Errorf("a role went back to %s", role)
	}

	undone := b.apply(t, b.plan(t, r.Undo).ID, backup.AsItWas)
	for id, want := range map[uuid.UUID]string{
		b.asha: "Asha asha@x.test +919812345678  false", b.vikram: "Vikram vikram@x.test +911  false",
		b.leela: "Leela boss@x.test +919812345678 Director true", recent: "Recent leela@x.test   true",
	} {
		if got := b.one(t, id, state); got != want {
			t.Errorf("undone: %q, want %q (%+v)", got, want, undone.Clashes)
		}
	}
	if b.digest(t) != others {
		t.Error("something of another tenant has changed")
	}
}

// What stands in the way of a row is told, and all others come back.
func TestWhatStandsInTheWay(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "UPDATE contacts SET deleted_at = now() WHERE tenant_id = $1 AND id = $2", b.id, b.vikram)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1 AND id <> $2", b.id, b.vikram)
	for _, email := range []string{"asha@x.test", "vikram@x.test"} {
		b.db.OwnerExec(t, "INSERT INTO contacts (tenant_id, id, first_name, email, created_at, updated_at) VALUES ($1, gen_random_uuid(), 'Other', $2, now(), now())", b.id, email)
	}
	// Nobody gets a contact back who has left.
	b.db.OwnerExec(t, "DELETE FROM memberships WHERE tenant_id = $1", b.id)

	r := b.apply(t, b.plan(t, made.ID).ID, backup.BringBack)
	if got, want := resultOf(t, r, "contacts"), (backup.TableResult{Table: "contacts", Inserted: 501, Kept: 2, Clashes: 2, Detached: 1}); got != want {
		t.Errorf("contacts: %+v, want %+v", got, want)
	}
	var told []string
	for _, c := range r.Clashes {
		told = append(told, c.Table+" "+c.Title+": "+c.Problem)
	}
	slices.Sort(told)
	if want := []string{
		"contacts Asha: another one has this by now: email asha@x.test", "contacts Vikram: another one has this by now: email vikram@x.test",
	}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if got := b.one(t, b.leela, "owner_id"); got != "NULL" {
		t.Errorf("Leela belongs to %s", got)
	}
}

func TestOnlyTheTablesThatWereNamed(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	b.db.OwnerExec(t, "DELETE FROM companies WHERE tenant_id = $1", b.id)
	p := b.plan(t, made.ID)
	if _, err := b.service().ApplyTenant(t.Context(), restoreOf(p.ID, backup.BringBack, "contacts", "memberships")); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "memberships") {
		t.Errorf("memberships: %v", err)
	}
	if _, err := b.service().ApplyTenant(t.Context(), restoreOf(p.ID, "wholly")); !errors.Is(err, backup.ErrRefused) {
		t.Errorf("no such mode: %v", err)
	}
	r := b.apply(t, p.ID, backup.BringBack, "contacts")
	if got, want := resultOf(t, r, "contacts"), (backup.TableResult{Table: "contacts", Inserted: 503, Detached: 3}); got != want {
		t.Errorf("contacts: %+v, want %+v", got, want)
	}
	if len(r.Tables) != 1 || b.one(t, b.asha, "coalesce(company_id::text, 'none') || company_name") != "none" {
		t.Errorf("%+v", r.Tables)
	}
}

func TestWhatCannotBeRestoredForOneBusiness(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES (gen_random_uuid(), 'young', 'Young & Co', now(), now())")
	plan := func(id uuid.UUID, slug string, change ...func(*backup.Options)) error {
		_, err := b.service(change...).PlanTenant(t.Context(), id, slug)
		return err
	}
	exported, err := b.service().ExportTenant(t.Context(), "mehta")
	if err != nil {
		t.Fatal(err)
	}
	newer := made.Manifest
	newer.Snapshot.Schema = 9999
	for name, tt := range map[string]struct {
		err  error
		want error
		says string
	}{
		"no such business":              {plan(made.ID, "nobody"), backup.ErrNotFound, "no business has the short name"},
		"made after the backup":         {plan(made.ID, "young"), backup.ErrRefused, "was not there when the backup was made"},
		"another one's archive":         {plan(exported.ID, "rao"), backup.ErrRefused, "this is an archive of mehta"},
		"no such backup":                {plan(uuid.New(), "rao"), backup.ErrNotFound, "no such backup"},
		"no key":                        {plan(made.ID, "rao", func(o *backup.Options) { o.Identities = "" }), backup.ErrWrongKey, "private key"},
		"another installation's":        {plan(exported.ID, "mehta", func(o *backup.Options) { o.SecretKey = strings.Repeat("x", 32) }), backup.ErrForged, "another PAYAID_SECRET_KEY"},
		"no way into the system":        {plan(made.ID, "rao", func(o *backup.Options) { o.Write = nil }), backup.ErrRefused, "no way into the running system"},
		"an export of nobody":           {second(b.service().ExportTenant(t.Context(), "nobody")), backup.ErrNotFound, "no business"},
		"a comparison that nobody made": {second(b.service().ApplyTenant(t.Context(), restoreOf(uuid.New(), backup.BringBack))), backup.ErrNotFound, "no comparison"},
	} {
		if !errors.Is(tt.err, tt.want) || !strings.Contains(tt.err.Error(), tt.says) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	if err := backup.Publish(t.Context(), b.service(), made.ID, backup.ManifestName, newer); err != nil {
		t.Fatal(err)
	}
	if err := plan(made.ID, "rao"); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "schema version 9999") {
		t.Errorf("a newer schema: %v", err)
	}
	old := b.plan(t, func() uuid.UUID {
		a, err := b.service().ExportTenant(t.Context(), "rao")
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}())
	b.now = b.now.Add(25 * time.Hour)
	if _, err := b.service().ApplyTenant(t.Context(), restoreOf(old.ID, backup.BringBack)); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "compare again") {
		t.Errorf("an old comparison: %v", err)
	}
}
