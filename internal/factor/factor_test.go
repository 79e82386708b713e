package factor

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// refused fails unless err has this code.
func refused(t *testing.T, err error, code apperr.Code) {
	t.Helper()
	if !apperr.Is(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func (w *world) pass(t *testing.T, code string) error {
	return w.PassCode(t.Context(), w.pending(), code, auth.Request{})
}

func (w *world) recover(t *testing.T, code string) error {
	return w.PassRecoveryCode(t.Context(), w.pending(), code, auth.Request{})
}

func TestAnAuthenticatorApp(t *testing.T) {
	w := newWorld(t)
	p := w.principal(t, w.user)
	proposal := w.Propose(p)
	key, err := w.proposed(p, proposal.Token)
	ok(t, err)
	if strings.ReplaceAll(proposal.Secret, " ", "") != totpEncoding.EncodeToString(key) || !strings.Contains(proposal.URI, totpEncoding.EncodeToString(key)) {
		t.Errorf("the proposal does not say one thing: %+v", proposal)
	}
	_, err = w.TurnOn(t.Context(), p, proposal.Token, "000000")
	refused(t, err, apperr.Validation)
	_, err = w.TurnOn(t.Context(), p, "nonsense", w.code(key, 0))
	refused(t, err, apperr.BusinessRule)
	other := w.principal(t, w.person(t, "ravi@example.in"))
	_, err = w.TurnOn(t.Context(), other, proposal.Token, w.code(key, 0))
	refused(t, err, apperr.BusinessRule) // somebody else's page
	if state, err := w.Of(t.Context(), w.user); err != nil || state.Any() {
		t.Fatalf("on before it was proven: %+v, %v", state, err)
	}

	codes, err := w.TurnOn(t.Context(), p, proposal.Token, w.code(key, 0)[:3]+" "+w.code(key, 0)[3:])
	ok(t, err)
	if state, err := w.Of(t.Context(), w.user); err != nil || state.AuthenticatorSince == nil || state.RecoveryCodes != 10 || len(codes) != 10 {
		t.Errorf("%+v, %v, %d codes", state, err, len(codes))
	}
	_, err = w.TurnOn(t.Context(), p, proposal.Token, w.code(key, 0))
	refused(t, err, apperr.BusinessRule)

	refused(t, w.TurnOff(t.Context(), p, "wrong"), apperr.Validation)
	ok(t, w.TurnOff(t.Context(), p, password))
	refused(t, w.TurnOff(t.Context(), p, password), apperr.BusinessRule)
	if state, err := w.Of(t.Context(), w.user); err != nil || state != (State{}) {
		t.Errorf("after it was switched off: %+v, %v", state, err)
	}
	_, err = w.NewRecoveryCodes(t.Context(), p, password)
	refused(t, err, apperr.BusinessRule) // codes for nothing
	for action, want := range map[string]int{"user.authenticator_on": 1, "user.authenticator_off": 1} {
		if got := w.audited(t, action); got != want {
			t.Errorf("%s: %d entries, want %d", action, got, want)
		}
	}
}

func TestTheSecretIsNotInTheDatabase(t *testing.T) {
	w := newWorld(t)
	key, codes := w.turnOn(t)
	row, err := w.db.Global().GetTOTP(t.Context(), w.user)
	ok(t, err)
	if strings.Contains(string(row.Secret), string(key)) {
		t.Error("the secret is stored as it is")
	}
	// With another PAYAID_SECRET_KEY neither a code nor a recovery code works.
	changed, err := New(w.write, w.people, Options{SecretKey: "another secret"})
	ok(t, err)
	refused(t, changed.PassCode(t.Context(), w.pending(), w.code(key, 0), auth.Request{}), apperr.BusinessRule)
	refused(t, changed.PassRecoveryCode(t.Context(), w.pending(), codes[0], auth.Request{}), apperr.BadCredentials)
}

func TestACodeWorksOnce(t *testing.T) {
	w := newWorld(t)
	key, _ := w.turnOn(t)
	refused(t, w.pass(t, "000000"), apperr.BadCredentials)
	refused(t, w.pass(t, ""), apperr.BadCredentials)
	code := w.code(key, 0)
	ok(t, w.pass(t, code))
	refused(t, w.pass(t, code), apperr.BadCredentials)
	refused(t, w.pass(t, w.code(key, -1)), apperr.BadCredentials) // older than one that was used
	w.clock = w.clock.Add(30 * time.Second)
	refused(t, w.pass(t, code), apperr.BadCredentials)
	ok(t, w.pass(t, w.code(key, 0)))
	if got := w.audited(t, "user.sign_in"); got != 2 {
		t.Errorf("%d sign-ins noted, want 2", got)
	}
	if got := w.audited(t, "user.second_factor_refused"); got != 5 {
		t.Errorf("%d refusals noted, want 5", got)
	}
}

// The code that switched the app on was seen by whoever looked over the shoulder.
func TestTheFirstCodeDoesNotSignIn(t *testing.T) {
	w := newWorld(t)
	p := w.principal(t, w.user)
	proposal := w.Propose(p)
	key, err := w.proposed(p, proposal.Token)
	ok(t, err)
	_, err = w.TurnOn(t.Context(), p, proposal.Token, w.code(key, 0))
	ok(t, err)
	refused(t, w.pass(t, w.code(key, 0)), apperr.BadCredentials)
}

// atOnce counts how often try succeeds when many do it at the same time.
func atOnce(t *testing.T, try func() error) int64 {
	t.Helper()
	var wins atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch err := try(); {
			case err == nil:
				wins.Add(1)
			case !apperr.Is(err, apperr.BadCredentials):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return wins.Load()
}

func TestOfManyWithTheSameCodeOneEnters(t *testing.T) {
	w := newWorld(t)
	key, codes := w.turnOn(t)
	code := w.code(key, 0)
	if n := atOnce(t, func() error { return w.pass(t, code) }); n != 1 {
		t.Errorf("a code was used %d times", n)
	}
	if n := atOnce(t, func() error { return w.recover(t, codes[3]) }); n != 1 {
		t.Errorf("a recovery code was used %d times", n)
	}
}

func TestRecoveryCodes(t *testing.T) {
	w := newWorld(t)
	_, codes := w.turnOn(t)
	refused(t, w.recover(t, "aaaaa-aaaaa"), apperr.BadCredentials)
	refused(t, w.recover(t, ""), apperr.BadCredentials)
	ok(t, w.recover(t, codes[0]))
	refused(t, w.recover(t, codes[0]), apperr.BadCredentials)
	ok(t, w.recover(t, " "+strings.ToUpper(strings.ReplaceAll(codes[1], "-", " "))))
	if state, err := w.Of(t.Context(), w.user); err != nil || state.RecoveryCodes != 8 {
		t.Errorf("%+v, %v", state, err)
	}
	other := w.pending()
	other.UserID = w.person(t, "ravi@example.in")
	refused(t, w.PassRecoveryCode(t.Context(), other, codes[2], auth.Request{}), apperr.BadCredentials)

	p := w.principal(t, w.user)
	_, err := w.NewRecoveryCodes(t.Context(), p, "wrong")
	refused(t, err, apperr.Validation)
	fresh, err := w.NewRecoveryCodes(t.Context(), p, password)
	ok(t, err)
	refused(t, w.recover(t, codes[2]), apperr.BadCredentials)
	ok(t, w.recover(t, fresh[2]))
}

// What was proven first must still hold when the second factor comes.
func TestTheFirstFactorMustStillHold(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world){
		"password changed": func(t *testing.T, w *world) {
			ok(t, w.people.ResetPassword(t.Context(), "asha@example.in", "another password"))
		},
		"sessions ended": func(t *testing.T, w *world) { ok(t, w.people.EndSessions(t.Context(), w.principal(t, w.user))) },
		"disabled": func(t *testing.T, w *world) {
			w.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", w.user)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key, codes := w.turnOn(t)
			before := w.pending()
			w.clock = w.clock.Add(time.Second)
			end(t, w)
			refused(t, w.PassCode(t.Context(), before, w.code(key, 0), auth.Request{}), apperr.Unauthorized)
			refused(t, w.PassRecoveryCode(t.Context(), before, codes[0], auth.Request{}), apperr.Unauthorized)
		})
	}
}

// A right password alone is not a sign-in for who has a second factor.
func TestTheAuditLogTellsTheStepsApart(t *testing.T) {
	w := newWorld(t)
	key, _ := w.turnOn(t)
	_, err := w.people.SignIn(t.Context(), "asha@example.in", password, auth.Request{})
	ok(t, err)
	if w.audited(t, "user.first_step") != 1 || w.audited(t, "user.sign_in") != 0 {
		t.Error("the first step was noted as a sign-in")
	}
	ok(t, w.pass(t, w.code(key, 0)))
	if w.audited(t, "user.sign_in") != 1 {
		t.Error("the sign-in was not noted")
	}
}
