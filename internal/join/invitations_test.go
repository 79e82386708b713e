package join_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/join"
)

const guest = "meera@example.in"

func (w *world) join(t *testing.T, token string) (auth.SignedIn, error) {
	t.Helper()
	return w.Join(t.Context(), join.NewcomerInput{Token: token, Name: "Meera Joshi", Password: password}, auth.Request{IP: "192.0.2.7"})
}

func TestSomebodyNewJoins(t *testing.T) {
	w := newWorld(t)
	team, err := w.tenants.CreateTeam(t.Context(), w.acme, "Sales")
	check(t, err)
	i, token := w.invite(t, w.owner, join.InvitationInput{Email: " Meera@Example.in", Role: auth.Manager, TeamID: &team})
	if i.Email != guest || i.Team != "Sales" || i.State(w.now) != join.Open || w.letters[0].text != "Asha Shah Acme manager" || w.letters[0].to != guest {
		t.Errorf("%+v, %+v", i, w.letters)
	}
	for range 2 { // a look does not use it up
		if o, err := w.Offer(t.Context(), token); err != nil || o != (join.Offer{Business: "Acme", Email: guest, Role: auth.Manager, InvitedBy: "Asha Shah"}) {
			t.Errorf("%+v, %v", o, err)
		}
	}
	_, err = w.Join(t.Context(), join.NewcomerInput{Token: token}, auth.Request{})
	if e := apperr.From(err); e.Field("name") == "" || e.Field("password") == "" {
		t.Errorf("nothing typed: %v", err)
	}
	in, err := w.join(t, token)
	check(t, err)
	p, err := w.people.Member(t.Context(), in.TenantID, in.UserID, w.now)
	if err != nil || p.TenantID != w.acme || p.Role != auth.Manager || *p.TeamID != team || p.Email != guest {
		t.Errorf("%+v, %v", p, err)
	}
	w.audited(t, w.acme, "invitation.create", "invitation.accept")
	_, err = w.join(t, token)
	refused(t, err, "accepted already")
	_, err = w.Offer(t.Context(), token)
	refused(t, err, "accepted already")
}

func TestSomebodyWithAnAccountJoins(t *testing.T) {
	w := newWorld(t)
	zoya, third := w.outsider(t, "zoya@example.in"), w.outsider(t, "third@example.in")
	_, token := w.invite(t, w.owner, join.InvitationInput{Email: "zoya@example.in", Role: auth.Member})
	if o, err := w.Offer(t.Context(), token); err != nil || !o.Known {
		t.Errorf("%+v, %v", o, err)
	}
	_, err := w.join(t, token) // would set a password of somebody else's account
	refused(t, err, "There is an account")
	_, err = w.Accept(t.Context(), third, token)
	refused(t, err, "This invitation is for zoya@example.in")
	_, err = w.Accept(t.Context(), auth.Principal{KeyID: uuid.New(), TenantID: w.acme}, token)
	refused(t, err, "This invitation is for")
	in, err := w.Accept(t.Context(), zoya, token)
	if err != nil || in != (auth.SignedIn{UserID: zoya.UserID, TenantID: w.acme}) {
		t.Fatalf("%v, %v", in, err)
	}
	w.audited(t, w.acme, "user.join", "invitation.accept")
	// The next sign-in begins in the business that was joined.
	if in, err := w.people.SignIn(t.Context(), zoya.Email, password, auth.Request{}); err != nil || in.TenantID != w.acme {
		t.Errorf("%v, %v", in, err)
	}
}

// Who left their only business cannot sign in, and comes back by an invitation.
func TestSomebodyWithoutABusinessComesBack(t *testing.T) {
	w := newWorld(t)
	left := w.member(t, guest, auth.Admin)
	w.d.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", left.UserID)
	_, token := w.invite(t, w.owner, join.InvitationInput{Email: guest, Role: auth.Member})
	if o, err := w.Offer(t.Context(), token); err != nil || !o.Known || !o.Homeless {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := w.Join(t.Context(), join.NewcomerInput{Token: token, Name: "X", Password: "not this one at all"}, auth.Request{}); !apperr.Is(err, apperr.BadCredentials) {
		t.Errorf("another password: %v", err)
	}
	in, err := w.join(t, token)
	if err != nil || in != (auth.SignedIn{UserID: left.UserID, TenantID: w.acme}) {
		t.Fatalf("%v, %v", in, err)
	}
	if p, err := w.people.Member(t.Context(), w.acme, left.UserID, w.now); err != nil || p.Role != auth.Member || p.Name != "Asha Shah" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhoMayInviteWhomAsWhat(t *testing.T) {
	w := newWorld(t)
	admin, manager := w.member(t, "admin@example.in", auth.Admin), w.member(t, "manager@example.in", auth.Manager)
	stranger := uuid.New()
	w.invite(t, w.owner, join.InvitationInput{Email: "open@example.in", Role: auth.Member})
	for name, c := range map[string]struct {
		as    auth.Principal
		in    join.InvitationInput
		code  apperr.Code
		field string
	}{
		"a manager":           {manager, join.InvitationInput{Email: guest, Role: auth.Member}, apperr.NoPermission, ""},
		"an owner by owner":   {w.owner, join.InvitationInput{Email: guest, Role: auth.Owner}, apperr.Validation, "role"},
		"an owner by admin":   {admin, join.InvitationInput{Email: guest, Role: auth.Owner}, apperr.Validation, "role"},
		"no role":             {admin, join.InvitationInput{Email: guest}, apperr.Validation, "role"},
		"no e-mail":           {admin, join.InvitationInput{Role: auth.Member}, apperr.Validation, "email"},
		"not an e-mail":       {admin, join.InvitationInput{Email: "x\x00", Role: auth.Member}, apperr.Validation, "email"},
		"somebody's team":     {admin, join.InvitationInput{Email: guest, Role: auth.Member, TeamID: &stranger}, apperr.Validation, "teamId"},
		"a member already":    {admin, join.InvitationInput{Email: "Manager@example.in", Role: auth.Member}, apperr.AlreadyExists, "email"},
		"invited already":     {admin, join.InvitationInput{Email: "open@example.in", Role: auth.Member}, apperr.AlreadyExists, "email"},
		"an admin by admin":   {admin, join.InvitationInput{Email: "a2@example.in", Role: auth.Admin}, "", ""},
		"a member by admin":   {admin, join.InvitationInput{Email: "m2@example.in", Role: auth.Member}, "", ""},
		"a stranger's e-mail": {admin, join.InvitationInput{Email: w.outsider(t, "zoya@example.in").Email, Role: auth.Member}, "", ""},
	} {
		_, err := w.Invite(t.Context(), c.as, c.in)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if e := apperr.From(err); e.Code != c.code || c.field != "" && e.Field(c.field) == "" {
			t.Errorf("%s: %v, want %s %s", name, err, c.code, c.field)
		}
	}
}

func TestInvitationsThatDoNotWork(t *testing.T) {
	w := newWorld(t)
	dead := func(token, why string) {
		t.Helper()
		_, err := w.Offer(t.Context(), token)
		refused(t, err, why)
		_, err = w.join(t, token)
		refused(t, err, why)
	}
	dead("", "not complete")
	i, first := w.invite(t, w.owner, join.InvitationInput{Email: guest, Role: auth.Member})
	dead(first[:42], "not complete")
	if _, err := w.ResendInvitation(t.Context(), w.owner, i.ID); !apperr.Is(err, apperr.RateLimited) {
		t.Errorf("at once: %v", err)
	}
	w.now = w.now.Add(2 * time.Minute)
	_, err := w.ResendInvitation(t.Context(), w.owner, i.ID)
	check(t, err)
	dead(first, "newer one")
	second := w.mailed(t, i.ID)
	w.now = w.now.Add(join.InvitationLife)
	dead(second, "expired")
	j, third := w.invite(t, w.owner, join.InvitationInput{Email: guest, Role: auth.Member}) // the expired one makes room
	_, err = w.RevokeInvitation(t.Context(), w.owner, j.ID, nil)
	check(t, err)
	dead(third, "took this invitation back")

	_, fourth := w.invite(t, w.owner, join.InvitationInput{Email: guest, Role: auth.Member})
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended'")
	dead(fourth, "suspended")
	if n := w.count(t, "SELECT count(*) FROM users WHERE email = $1", guest); n != 0 {
		t.Error("an account came of it")
	}
}

// What somebody could not do today, an older invitation of theirs cannot either.
func TestAnInvitationIsWorthWhatItsInviterMayDo(t *testing.T) {
	w := newWorld(t)
	admin := w.member(t, "admin@example.in", auth.Admin)
	_, token := w.invite(t, admin, join.InvitationInput{Email: guest, Role: auth.Admin})
	role := auth.Manager
	_, err := w.people.UpdatePerson(t.Context(), w.owner, admin.UserID, auth.PersonPatch{Role: &role}, nil)
	check(t, err)
	_, err = w.join(t, token)
	refused(t, err, "can no longer invite")
	w.d.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", admin.UserID)
	_, err = w.join(t, token)
	refused(t, err, "can no longer invite")
}

// Several browsers with one link at the same moment, and a revocation between
// them: all have seen an open invitation before the first of them writes.
func TestAnInvitationIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	zoya := w.outsider(t, "zoya@example.in")
	i, token := w.invite(t, w.owner, join.InvitationInput{Email: zoya.Email, Role: auth.Member})
	const tries = 4
	release := w.hold(t, i.ID, tries)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for n := range tries {
		wg.Go(func() {
			var err error
			if n == 0 {
				_, err = w.RevokeInvitation(t.Context(), w.owner, i.ID, nil)
			} else {
				_, err = w.Accept(t.Context(), zoya, token)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if !apperr.Is(err, apperr.BusinessRule) {
				t.Error(err)
			}
		})
	}
	release()
	wg.Wait()
	if done != 1 {
		t.Errorf("the invitation was used or revoked %d times", done)
	}
}

// hold keeps everybody from writing the invitation. release waits until so many
// want to, and lets them.
func (w *world) hold(t *testing.T, id uuid.UUID, many int) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.d.OwnerURL)
	check(t, err)
	tx, err := conn.Begin(t.Context())
	check(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM invitations WHERE id = $1 FOR UPDATE", id)
	check(t, err)
	return func() {
		const waiting = "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()"
		for deadline := time.Now().Add(20 * time.Second); w.count(t, waiting) < many; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d never met", many)
			}
		}
		check(t, tx.Commit(t.Context()))
		check(t, conn.Close(t.Context()))
	}
}

func TestRevokingAndListing(t *testing.T) {
	w := newWorld(t)
	admin, other := w.member(t, "admin@example.in", auth.Admin), w.outsider(t, "zoya@example.in")
	manager := w.member(t, "manager@example.in", auth.Manager)
	one, _ := w.invite(t, w.owner, join.InvitationInput{Email: "one@example.in", Role: auth.Member})
	two, _ := w.invite(t, admin, join.InvitationInput{Email: "two@example.in", Role: auth.Member})
	old := int64(7)
	for name, c := range map[string]struct {
		do   func() error
		code apperr.Code
	}{
		"a manager lists":        {func() error { _, err := w.Invitations(t.Context(), manager, auth.PageRequest{}); return err }, apperr.NoPermission},
		"a manager sees open":    {func() error { _, err := w.OpenInvitations(t.Context(), manager); return err }, apperr.NoPermission},
		"a manager revokes":      {func() error { _, err := w.RevokeInvitation(t.Context(), manager, one.ID, nil); return err }, apperr.NoPermission},
		"a manager sends":        {func() error { _, err := w.ResendInvitation(t.Context(), manager, one.ID); return err }, apperr.NoPermission},
		"a manager opens":        {func() error { _, _, err := w.OpenInvitation(t.Context(), manager, one.ID); return err }, apperr.NoPermission},
		"another business ends":  {func() error { _, err := w.RevokeInvitation(t.Context(), other, one.ID, nil); return err }, apperr.NotFound},
		"another business sends": {func() error { _, err := w.ResendInvitation(t.Context(), other, one.ID); return err }, apperr.NotFound},
		"another business opens": {func() error { _, _, err := w.OpenInvitation(t.Context(), other, one.ID); return err }, apperr.NotFound},
		"an old version":         {func() error { _, err := w.RevokeInvitation(t.Context(), admin, one.ID, &old); return err }, apperr.Conflict},
		"no such page":           {func() error { _, err := w.Invitations(t.Context(), admin, auth.PageRequest{Cursor: "x"}); return err }, apperr.Validation},
		"a long page":            {func() error { _, err := w.Invitations(t.Context(), admin, auth.PageRequest{Limit: 101}); return err }, apperr.Validation},
	} {
		if err := c.do(); !apperr.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	for range 2 {
		if got, err := w.RevokeInvitation(t.Context(), admin, one.ID, nil); err != nil || got.State(w.now) != join.Revoked || got.Version != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	w.audited(t, w.acme, "invitation.revoke")
	if open, err := w.OpenInvitations(t.Context(), admin); err != nil || len(open) != 1 || open[0].ID != two.ID {
		t.Errorf("open: %+v, %v", open, err)
	}
	var seen []string
	for cursor := ""; ; {
		page, err := w.Invitations(t.Context(), admin, auth.PageRequest{Cursor: cursor, Limit: 1})
		check(t, err)
		for _, i := range page.Invitations {
			seen = append(seen, i.Email+" "+i.State(w.now))
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if got := strings.Join(seen, ", "); got != "two@example.in open, one@example.in revoked" {
		t.Errorf("all: %s", got)
	}
	if page, err := w.Invitations(t.Context(), other, auth.PageRequest{}); err != nil || len(page.Invitations) != 0 {
		t.Errorf("another business sees %+v, %v", page, err)
	}
}

// The job of an invitation mails once, and a link that is shown takes its place.
func TestTheJobOfAnInvitationRunsOnce(t *testing.T) {
	w := newWorld(t)
	i, token := w.invite(t, w.owner, join.InvitationInput{Email: guest, Role: auth.Member})
	w.letters = nil
	check(t, w.SendInvitation(t.Context(), join.InvitationArgs{TenantID: w.acme, ID: i.ID}, w.invitationLetter))
	check(t, w.SendInvitation(t.Context(), join.InvitationArgs{TenantID: w.acme, ID: uuid.New()}, w.invitationLetter))
	if len(w.letters) != 0 {
		t.Errorf("%d more mails", len(w.letters))
	}
	_, shown, err := w.OpenInvitation(t.Context(), w.owner, i.ID)
	check(t, err)
	_, err = w.join(t, token)
	refused(t, err, "newer one")
	_, err = w.join(t, shown)
	check(t, err)
}

func TestABusinessCannotFloodTheWorld(t *testing.T) {
	w := newWorld(t)
	w.d.OwnerExec(t, `INSERT INTO invitations (tenant_id, id, email, role, inviter_kind, inviter_id, inviter_name, created_at, asked_at, expires_at)
		SELECT $1, gen_random_uuid(), 'g' || n || '@example.in', 'member', 'user', $2, 'Asha', $3, $3, $3 FROM generate_series(1, 100) n`, w.acme, w.owner.UserID, w.now)
	if _, err := w.Invite(t.Context(), w.owner, join.InvitationInput{Email: guest, Role: auth.Member}); !apperr.Is(err, apperr.QuotaExceeded) {
		t.Errorf("the 101st of a day: %v", err)
	}
	w.now = w.now.Add(24*time.Hour + time.Second)
	_, err := w.Invite(t.Context(), w.owner, join.InvitationInput{Email: guest, Role: auth.Member})
	check(t, err)
}
