package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/factor"
	"payaid/views/settings"
	"payaid/views/signin"
)

const passkeysPath = securityPath + "/passkeys"

// What a browser's challenge is for. One for signing in adds no passkey.
const (
	toSignIn = "sign-in"
	asSecond = "second"
	toAdd    = "add"
)

func (s *server) passkeyRoutes(app *fiber.App, small fiber.Handler) {
	visitor := func(do fiber.Handler) []fiber.Handler { return []fiber.Handler{small, s.csrf.Protect, do} }
	own := func(do fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, small, s.csrf.Protect, do}
	}
	app.Post("/login/passkey/options", visitor(s.askPasskey)...)
	app.Post("/login/passkey", visitor(s.signInWithPasskey)...)
	app.Post(secondPath+"/passkey/options", visitor(s.askSecondPasskey)...)
	app.Post(secondPath+"/passkey", visitor(s.passSecondPasskey)...)
	app.Post(passkeysPath+"/options", own(s.newPasskey)...)
	app.Post(passkeysPath, own(s.addPasskey)...)
	app.Post(passkeysPath+"/:id/remove", own(s.removePasskey)...)
}

// ask answers with a challenge for this browser, which scripts put to the passkey.
func (s *server) ask(c *fiber.Ctx, purpose string, challenge factor.Challenge) error {
	if err := s.sessions.KeepChallenge(c, purpose, challenge.Kept); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(challenge.Options)
}

func (s *server) askPasskey(c *fiber.Ctx) error {
	if err := s.limits.Passkey(c); err != nil {
		return err
	}
	challenge, err := s.Factor.AskPasskey()
	if err != nil {
		return err
	}
	return s.ask(c, toSignIn, challenge)
}

// signInWithPasskey is both factors in one.
func (s *server) signInWithPasskey(c *fiber.Ctx) error {
	next := localPath(c.FormValue("next"))
	err := s.limits.Passkey(c)
	var in auth.SignedIn
	if err == nil {
		in, err = s.answeredSignIn(c)
	}
	if err == nil {
		return s.begin(c, in, next)
	}
	return s.refuseSignIn(c, signin.Props{Next: next}, err)
}

func (s *server) answeredSignIn(c *fiber.Ctx) (auth.SignedIn, error) {
	kept, err := s.sessions.TakeChallenge(c, toSignIn)
	if err != nil {
		return auth.SignedIn{}, err
	}
	return s.Factor.SignIn(c.UserContext(), kept, []byte(c.FormValue("credential")), mw.RequestOf(c))
}

func (s *server) askSecondPasskey(c *fiber.Ctx) error {
	waiting, ok := s.sessions.Waiting(c)
	if !ok {
		return apperr.New(apperr.Unauthorized, "This took too long. Please sign in again.")
	}
	challenge, err := s.Factor.AskPasskeyOf(c.UserContext(), pending(waiting))
	if err != nil {
		return err
	}
	return s.ask(c, asSecond, challenge)
}

func (s *server) passSecondPasskey(c *fiber.Ctx) error {
	waiting, ok := s.sessions.Waiting(c)
	if !ok {
		return beginAgain(c)
	}
	kept, err := s.sessions.TakeChallenge(c, asSecond)
	if err == nil {
		err = s.Factor.PassPasskey(c.UserContext(), pending(waiting), kept, []byte(c.FormValue("credential")), mw.RequestOf(c))
	}
	return s.passed(c, waiting, signin.SecondProps{}, err)
}

// newPasskey asks the browser to make a passkey.
func (s *server) newPasskey(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.limits.SignIn(c, p.Email); err != nil {
		return err
	}
	challenge, err := s.Factor.NewPasskey(c.UserContext(), p, c.FormValue("name"), c.FormValue("password"))
	if err != nil {
		return err
	}
	s.limits.SignedIn(c, p.Email)
	return s.ask(c, toAdd, challenge)
}

func (s *server) addPasskey(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	kept, err := s.sessions.TakeChallenge(c, toAdd)
	if err != nil {
		return err
	}
	codes, err := s.Factor.AddPasskey(c.UserContext(), p, kept, c.FormValue("name"), []byte(c.FormValue("credential")))
	if err != nil {
		return err
	}
	return s.recoveryCodes(c, codes, "passkey-added")
}

func (s *server) removePasskey(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.withPassword(c, settings.RemovalOf(id), func(p auth.Principal, password string) error {
		if err := s.Factor.RemovePasskey(c.UserContext(), p, id, password); err != nil {
			return err
		}
		return leaveTo(c, securityPath+"?done=passkey-removed")
	})
}
