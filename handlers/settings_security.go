package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
)

// securityPath is the page about the person's own ways of signing in.
const securityPath = "/settings/security"

// securityRoutes are the routes by which people look after their own sign-in.
func (s *server) securityRoutes(app *fiber.App, small fiber.Handler) {
	own := func(do fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, small, s.csrf.Protect, do}
	}
	app.Get(securityPath, mw.RequirePerson, s.showSecurity)
	app.Get(authenticatorPath, mw.RequirePerson, s.showAuthenticator)
	app.Post(authenticatorPath, own(s.turnOnAuthenticator)...)
	app.Post(authenticatorPath+"/off", own(s.turnOffAuthenticator)...)
	app.Post(securityPath+"/recovery", own(s.makeRecoveryCodes)...)
	app.Post(securityPath+"/sessions/end-others", own(s.endOtherSessions)...)
	app.Post(securityPath+"/sessions/end-all", own(s.endAllSessions)...)
	app.Post(securityPath+"/sessions/:handle/end", own(s.endSession)...)
}

func (s *server) showSecurity(c *fiber.Ctx) error {
	return s.securityPage(c, settings.SecurityProps{})
}

// securityPage fills in what the page always shows.
func (s *server) securityPage(c *fiber.Ctx, props settings.SecurityProps) error {
	p, _ := mw.Principal(c)
	var err error
	if props.Sessions, err = s.ownSessions(c, p); err != nil {
		return err
	}
	if props.Factors, err = s.Factor.Of(c.UserContext(), p.UserID); err != nil {
		return err
	}
	if props.Passkeys, err = s.Factor.Passkeys(c.UserContext(), p); err != nil {
		return err
	}
	props.PasskeysWork = s.Factor.PasskeysWork()
	props.CSRF = mw.Token(c)
	frame, items := s.settingsFrame(c, "Signing in")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, settings.SecurityPage(frame, items, props))
}

func (s *server) ownSessions(c *fiber.Ctx, p auth.Principal) ([]settings.SessionRow, error) {
	list, current, err := s.sessions.List(c, p.UserID)
	if err != nil {
		return nil, err
	}
	names, err := s.Auth.BusinessNames(c.UserContext(), p)
	if err != nil {
		return nil, err
	}
	rows := make([]settings.SessionRow, len(list))
	for i, one := range list {
		business, _ := uuid.Parse(one.TenantID)
		rows[i] = settings.SessionRow{
			Handle: one.Handle, Device: settings.Device(one.UserAgent), IP: one.IP, Business: names[business],
			Begun: one.Created, LastSeen: one.LastSeen, Current: one.Handle == current,
		}
	}
	return rows, nil
}

// endSession ends one session of the person's; their own one is a sign-out.
func (s *server) endSession(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	rows, err := s.ownSessions(c, p)
	if err != nil {
		return err
	}
	for _, one := range rows {
		if one.Handle != c.Params("handle") {
			continue
		}
		if one.Current {
			return s.signOut(c)
		}
		if err := s.sessions.End(c, p.UserID, one.Handle); err != nil {
			return err
		}
		if err := s.Auth.SessionEnded(c.UserContext(), p, one.Device, one.IP); err != nil {
			return err
		}
		return leaveTo(c, securityPath+"?done=ended")
	}
	return apperr.New(apperr.NotFound, "This session is not one of yours, or it is over already.")
}

// endOtherSessions voids every session and begins a new one here: one that lived
// on would be as void as the others.
func (s *server) endOtherSessions(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Auth.EndSessions(c.UserContext(), p); err != nil {
		return err
	}
	s.endSessions(c, p.UserID)
	if err := s.sessions.SignInAfresh(c, auth.SignedIn{UserID: p.UserID, TenantID: p.TenantID}); err != nil {
		return err
	}
	return leaveTo(c, securityPath+"?done=ended-others")
}

func (s *server) endAllSessions(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Auth.EndSessions(c.UserContext(), p); err != nil {
		return err
	}
	s.endSessions(c, p.UserID)
	if err := s.sessions.SignOut(c); err != nil { // the session is void; only its cookie may stay behind
		s.Log.WarnContext(c.UserContext(), "void session not removed", "user", p.UserID, "err", err)
	}
	c.Set("Clear-Site-Data", `"cache"`)
	return leaveTo(c, "/login?out=1")
}
