package backup_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

// people are the users whom the carrying is tried with.
type people struct{ disabled, password, factor, removed, demoted, owner, plain uuid.UUID }

// addPeople makes them, members of the first tenant, and three keys.
func (f *fixture) addPeople(t *testing.T) (p people) {
	t.Helper()
	for name, id := range map[string]*uuid.UUID{
		"disabled": &p.disabled, "password": &p.password, "factor": &p.factor, "removed": &p.removed, "demoted": &p.demoted, "owner": &p.owner, "plain": &p.plain,
	} {
		*id = uuid.Must(uuid.NewV7())
		f.db.OwnerExec(t, `INSERT INTO users (id, email, name, password_hash, platform_admin, sessions_valid_after, created_at, updated_at)
			VALUES ($1, $2 || '@example.in', $2, 'old hash', $2 = 'demoted', now() - interval '1 day', now() - interval '1 day', now() - interval '1 day')`, *id, name)
		role := "member"
		if name == "owner" || name == "demoted" {
			role = "owner"
		}
		f.db.OwnerExec(t, `INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, $3, now() - interval '1 day', now() - interval '1 day')`, f.tenants[0], *id, role)
		f.db.OwnerExec(t, "INSERT INTO user_totp (user_id, secret, last_step, created_at) VALUES ($1, 'old', 1, now() - interval '1 day')", *id)
	}
	for _, prefix := range []string{"revoked", "rotated", "kept"} {
		f.db.OwnerExec(t, `INSERT INTO api_keys (tenant_id, id, name, prefix, secret_hash, role, created_at) VALUES ($1, gen_random_uuid(), $2, $2, 'old', 'member', now() - interval '1 day')`, f.tenants[0], prefix)
	}
	f.db.OwnerExec(t, `INSERT INTO invitations (tenant_id, id, email, role, token_hash, inviter_kind, inviter_id, inviter_name, created_at, asked_at, expires_at)
		VALUES ($1, gen_random_uuid(), 'guest@example.in', 'member', 'link', 'user', $2, 'Owner', now() - interval '1 day', now() - interval '1 day', now() + interval '6 days')`, f.tenants[0], p.owner)
	f.db.OwnerExec(t, `INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at) VALUES (gen_random_uuid(), $1, 'reset', now(), now() + interval '1 hour')`, p.plain)
	return p
}

// audit writes what the log of changes says.
func (f *fixture) audit(t *testing.T, action string, entity uuid.UUID) {
	t.Helper()
	f.db.OwnerExec(t, `INSERT INTO audit_entries (tenant_id, id, at, actor_kind, actor_name, action, entity, entity_id) VALUES ($1, $2, now(), 'user', 'Somebody', $3, 'user', $4)`,
		f.tenants[0], uuid.Must(uuid.NewV7()), action, entity)
}

// decide does what must never go backwards, the way PayAid does it, and damage does
// the same behind its back.
func (f *fixture) decide(t *testing.T, p people) {
	t.Helper()
	exec := func(sql string, args ...any) { t.Helper(); f.db.OwnerExec(t, sql, args...) }
	exec("UPDATE users SET disabled_at = now(), updated_at = now() WHERE id = $1", p.disabled)
	exec("UPDATE users SET platform_admin = false, updated_at = now() WHERE id = $1", p.demoted)
	exec("UPDATE users SET password_hash = 'new hash', updated_at = now() WHERE id = $1", p.password)
	f.audit(t, "user.change_password", p.password)
	exec("DELETE FROM user_totp WHERE user_id = $1", p.factor)
	exec("INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at) VALUES (gen_random_uuid(), $1, 'Phone', 'id', '{}', now())", p.factor)
	f.audit(t, "user.passkey_add", p.factor)
	exec("DELETE FROM memberships WHERE user_id = $1", p.removed)
	f.audit(t, "user.remove", p.removed)
	exec("UPDATE memberships SET role = 'member', updated_at = now() WHERE user_id = $1", p.demoted)
	f.audit(t, "user.update", p.demoted)
	exec("UPDATE api_keys SET revoked_at = now() WHERE prefix = 'revoked'")
	exec("UPDATE api_keys SET secret_hash = 'new', rotated_at = now() WHERE prefix = 'rotated'")
	exec("UPDATE invitations SET revoked_at = now()")
	exec("UPDATE tenants SET status = 'suspended' WHERE id = $1", f.tenants[1])
	exec("SELECT setval('river.river_job_id_seq', 5000)")

	exec("UPDATE users SET password_hash = 'forced', updated_at = now() WHERE id = $1", p.plain)
	exec("DELETE FROM user_totp WHERE user_id = $1", p.plain)
	exec("DELETE FROM memberships WHERE user_id = $1", p.plain)
}

func TestWhatNeverGoesBackwardsIsCarriedOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.addPeople(t)
	f.db.OwnerExec(t, "INSERT INTO mailbox_messages (id, recipient, subject, text, html, created_at) VALUES (gen_random_uuid(), 'a@example.in', 'unsent', 't', 'h', now())")
	f.db.OwnerExec(t, `INSERT INTO river.river_job (kind, args, max_attempts, state, queue) VALUES
		('mail.send', '{}', 3, 'available', 'default'), ('mail.purge', '{}', 3, 'scheduled', 'default'), ('contact.import', '{}', 3, 'available', 'default')`)
	epoch := dbtest.Column[uuid.UUID](t, f.db.OwnerURL, "SELECT epoch FROM cache_state")[0]
	b := f.create(t, backup.Manual)
	f.decide(t, p)
	before := dbtest.Column[string](t, f.db.OwnerURL, "SELECT clock_timestamp()::text")[0]
	r := f.restore(t, b.ID)
	for what, want := range map[string]string{
		"SELECT name FROM users WHERE disabled_at IS NOT NULL":                                     "[disabled]",
		"SELECT name FROM users WHERE platform_admin":                                              "[]",
		"SELECT name || ': ' || password_hash FROM users WHERE password_hash <> 'old hash'":        "[password: new hash]",
		"SELECT name FROM users u WHERE NOT EXISTS (SELECT FROM user_totp f WHERE f.user_id=u.id)": "[factor]",
		"SELECT u.name FROM passkeys k JOIN users u ON u.id = k.user_id":                           "[factor]",
		"SELECT name FROM users u WHERE NOT EXISTS (SELECT FROM memberships WHERE user_id = u.id)": "[removed]",
		"SELECT u.name FROM memberships JOIN users u ON u.id = user_id WHERE role = 'owner'":       "[owner]",
		"SELECT prefix FROM api_keys WHERE revoked_at IS NOT NULL":                                 "[revoked]",
		"SELECT prefix FROM api_keys WHERE secret_hash = 'new'":                                    "[rotated]",
		"SELECT email FROM invitations WHERE revoked_at IS NULL":                                   "[]",
		"SELECT slug FROM tenants WHERE status = 'active'":                                         "[rao]",
		"SELECT name FROM users WHERE sessions_valid_after <= '" + before + "'":                    "[]",
		"SELECT 'open' FROM password_resets WHERE superseded_at IS NULL":                           "[]",
		"SELECT subject || ' ' || state FROM mailbox_messages":                                     "[unsent held]",
		"SELECT kind || ' ' || state FROM river.river_job":                                         "[contact.import cancelled]",
		"SELECT action FROM audit_entries ORDER BY action":                                         "[backup.restore user.change_password user.passkey_add user.remove user.update]",
		"SELECT (nextval('river.river_job_id_seq') > 5000)::text":                                  "[true]",
	} {
		if got := fmt.Sprint(dbtest.Column[string](t, f.db.OwnerURL, what)); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	if now := dbtest.Column[uuid.UUID](t, f.db.OwnerURL, "SELECT epoch FROM cache_state")[0]; now == epoch {
		t.Error("the cache still has the epoch of the backup")
	}
	for _, what := range []string{"API keys revoked", "people disabled", "passwords", "mails held", "jobs held", "entries of the log", "people removed from a business", "roles"} {
		if r.Report.Carried[what] < 1 {
			t.Errorf("the report does not count %s: %v", what, r.Report.Carried)
		}
	}
}

// What was there at the swap and is brought back by a rollback is treated alike.
func TestARollbackCarriesOverAsWell(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.addPeople(t)
	b := f.create(t, backup.Manual)
	f.db.OwnerExec(t, "INSERT INTO mailbox_messages (id, recipient, subject, text, html, created_at) VALUES (gen_random_uuid(), 'a@example.in', 'unsent', 't', 'h', now())")
	f.restore(t, b.ID)
	f.db.OwnerExec(t, "UPDATE api_keys SET revoked_at = now() WHERE prefix = 'revoked'")
	f.db.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", p.removed)
	f.audit(t, "user.remove", p.removed)
	if _, err := f.service().Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := slices.Concat(dbtest.Column[string](t, f.db.OwnerURL, "SELECT prefix FROM api_keys WHERE revoked_at IS NOT NULL"),
		dbtest.Column[string](t, f.db.OwnerURL, "SELECT name FROM users u WHERE NOT EXISTS (SELECT FROM memberships WHERE user_id = u.id)"),
		dbtest.Column[string](t, f.db.OwnerURL, "SELECT state FROM mailbox_messages"))
	if !slices.Equal(got, []string{"revoked", "removed", "held"}) {
		t.Errorf("got %v", got)
	}
}

// A business whose only owner was made after the backup keeps the old one, and a
// database that lost whole tables can still be replaced.
func TestADisasterDoesNotStopARestore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.addPeople(t)
	b := f.create(t, backup.Manual)
	f.db.OwnerExec(t, "DELETE FROM memberships WHERE role = 'owner'")
	for _, id := range []uuid.UUID{p.owner, p.demoted} {
		f.audit(t, "user.remove", id)
	}
	f.db.OwnerExec(t, "DROP TABLE user_totp; DROP TABLE contacts CASCADE; DELETE FROM recovery_codes; DELETE FROM password_resets")
	r := f.restore(t, b.ID)
	if n := dbtest.Column[int64](t, f.db.OwnerURL, "SELECT count(*) FROM contacts")[0]; n != 1000 || len(r.Report.Warnings) == 0 {
		t.Errorf("%d contacts, warnings %q", n, r.Report.Warnings)
	}
	if n := dbtest.Column[int64](t, f.db.OwnerURL, "SELECT count(*) FROM memberships WHERE role = 'owner'")[0]; n == 0 {
		t.Error("the business has no owner")
	}
}
