package join_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/join"
)

func (w *world) signUp(t *testing.T, token, business string) (auth.SignedIn, error) {
	t.Helper()
	return w.SignUp(t.Context(), join.SignUpInput{Token: token, Business: business, Name: "Devi Rao", Password: password}, auth.Request{IP: "192.0.2.7", ID: "r1"})
}

func TestASignUpMakesABusinessAndItsOwner(t *testing.T) {
	w := newWorld(t)
	token := w.link(t, "devi@example.in")
	for range 2 { // a look does not use it up
		if email, err := w.CheckSignUp(t.Context(), token); err != nil || email != "devi@example.in" {
			t.Fatalf("%q, %v", email, err)
		}
	}
	in, err := w.signUp(t, token, " Nilgiri Tea ")
	check(t, err)
	p, err := w.people.Member(t.Context(), in.TenantID, in.UserID, w.now)
	if err != nil || p.Role != auth.Owner || p.TenantName != "Nilgiri Tea" || p.TenantSlug != "nilgiri-tea" || p.Name != "Devi Rao" {
		t.Errorf("%+v, %v", p, err)
	}
	again, err := w.people.SignIn(t.Context(), "devi@example.in", password, auth.Request{})
	if err != nil || again != in {
		t.Errorf("the sign-in afterwards: %v, %v", again, err)
	}
	w.audited(t, in.TenantID, "tenant.create", "user.create")
	if n := w.count(t, "SELECT count(*) FROM audit_entries WHERE tenant_id = $1 AND actor_id = $2 AND ip = '192.0.2.7'", in.TenantID, in.UserID); n < 2 {
		t.Errorf("%d entries name who did it and from where", n)
	}
	_, err = w.signUp(t, token, "Once more")
	refused(t, err, "There is an account")
}

func TestSignUpsWithoutARightInput(t *testing.T) {
	w := newWorld(t)
	token := w.link(t, "devi@example.in")
	for name, in := range map[string]join.SignUpInput{
		"nothing": {}, "long": {Business: strings.Repeat("न", 201), Name: strings.Repeat("न", 201), Password: strings.Repeat("x", 129)}, "not storable": {Business: "a\x00", Name: "b\x00", Password: "short"},
	} {
		in.Token = token
		_, err := w.SignUp(t.Context(), in, auth.Request{})
		if e := apperr.From(err); e.Field("business") == "" || e.Field("name") == "" || e.Field("password") == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, email := range []string{"", " ", "nonsense", "a\x00@example.in", "Asha <a@example.in>", strings.Repeat("a", 250) + "@example.in"} {
		if err := w.RequestSignUp(t.Context(), email, auth.Request{}); apperr.From(err).Field("email") == "" {
			t.Errorf("%q: %v", email, err)
		}
	}
	_, err := w.signUp(t, token, "Nilgiri Tea") // refusals did not use it up
	check(t, err)
}

func TestLinksOfASignUpThatDoNotWork(t *testing.T) {
	w := newWorld(t)
	first := w.link(t, "devi@example.in")
	second := w.link(t, "devi@example.in")
	dead := func(token, why string) {
		t.Helper()
		_, err := w.CheckSignUp(t.Context(), token)
		refused(t, err, why)
		_, err = w.signUp(t, token, "A")
		refused(t, err, why)
	}
	dead(first, "newer link")
	dead("", "not complete")
	dead(second[:42], "not complete")
	dead(strings.ToUpper(second), "not complete")
	w.now = w.now.Add(join.SignUpLife)
	dead(second, "expired")
	third := w.link(t, "devi@example.in")
	w.outsider(t, "devi@example.in") // came in by another way meanwhile
	dead(third, "There is an account")
	if n := w.count(t, "SELECT count(*) FROM tenants WHERE name = 'A'"); n != 0 {
		t.Errorf("%d businesses came of it", n)
	}
	w.now = w.now.Add(30 * 24 * time.Hour)
	w.link(t, "other@example.in")
	if n := w.count(t, "SELECT count(*) FROM signups"); n != 1 {
		t.Errorf("%d sign-ups are kept, want the new one only", n)
	}
}

// Whoever has an account is told so by mail alone, and the job of one request
// mails once.
func TestWhoHasAnAccountIsToldByMail(t *testing.T) {
	w := newWorld(t)
	if token := w.link(t, "asha@example.in"); token != "" || w.letters[0].text != "known Asha Shah" {
		t.Errorf("%+v", w.letters)
	}
	args := join.SignUpArgs{ID: uuid.Must(uuid.NewV7()), Email: "devi@example.in"}
	w.letters = nil
	for range 2 {
		check(t, w.SendSignUp(t.Context(), args, w.signUpLetters()))
	}
	if len(w.letters) != 1 {
		t.Errorf("%d mails, want one", len(w.letters))
	}
	// Where links are shown at once, too, the link of an account gives nothing.
	token, err := w.OpenSignUp(t.Context(), "Asha@example.in", auth.Request{})
	check(t, err)
	_, err = w.signUp(t, token, "Mine now")
	refused(t, err, "There is an account")
}

// A double press, from two replicas even: one business comes of it.
func TestALinkMakesOneBusiness(t *testing.T) {
	w := newWorld(t)
	token := w.link(t, "devi@example.in")
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 4 {
		wg.Go(func() {
			_, err := w.signUp(t, token, "Nilgiri Tea")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if !apperr.Is(err, apperr.BusinessRule) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.count(t, "SELECT count(*) FROM tenants WHERE name = 'Nilgiri Tea'"); done != 1 || n != 1 {
		t.Errorf("%d succeeded, %d businesses", done, n)
	}
}

func TestOneMoreBusiness(t *testing.T) {
	w := newWorld(t)
	input := join.BusinessInput{ID: uuid.Must(uuid.NewV7()), Name: " Second "}
	var wg sync.WaitGroup
	for range 4 { // the form is sent four times at once
		wg.Go(func() {
			if in, err := w.AddBusiness(t.Context(), w.owner, input); err != nil || in != (auth.SignedIn{UserID: w.owner.UserID, TenantID: input.ID}) {
				t.Errorf("%v, %v", in, err)
			}
		})
	}
	wg.Wait()
	if n := w.count(t, "SELECT count(*) FROM tenants WHERE name = 'Second'"); n != 1 {
		t.Errorf("%d businesses, want one", n)
	}
	w.audited(t, input.ID, "tenant.create", "user.join")
	homes, err := w.people.Homes(t.Context(), w.owner.UserID)
	if err != nil || len(homes) != 2 || homes[0].TenantID != input.ID || homes[0].Role != auth.Owner {
		t.Errorf("%+v, %v", homes, err)
	}
	if _, err := w.AddBusiness(t.Context(), w.owner, join.BusinessInput{ID: uuid.New(), Name: " "}); apperr.From(err).Field("name") == "" {
		t.Errorf("no name: %v", err)
	}
	// The id of somebody else's business gives nothing and tells nothing.
	other := w.outsider(t, "zoya@example.in")
	if _, err := w.AddBusiness(t.Context(), w.owner, join.BusinessInput{ID: other.TenantID, Name: "Mine"}); !apperr.Is(err, apperr.Conflict) {
		t.Errorf("somebody else's id: %v", err)
	}
	if _, err := w.AddBusiness(t.Context(), auth.Principal{KeyID: uuid.New()}, input); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a key: %v", err)
	}
}
