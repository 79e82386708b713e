package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/tenant"
	"payaid/views/mail"
	"payaid/views/settings"
	"payaid/views/signin"
	"payaid/views/ui"
)

func (s *server) showEnding(c *fiber.Ctx) error { return s.showEndingForm(c, false, nil) }

func (s *server) handOver(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	successor, err := optionalID(c.FormValue("successorId"), "successorId", "Choose a person from the list.")
	if err == nil && successor == nil {
		successor = &uuid.Nil // nobody's, which the area refuses
	}
	if err == nil {
		err = s.limits.SignIn(c, p.Email) // the password must not be guessed here either
	}
	if err == nil {
		err = s.Settings.HandOver(c.UserContext(), p, *successor, confirmation(c), mail.HandedOver(s.BaseURL))
	}
	if err != nil {
		return s.showEndingForm(c, false, err)
	}
	s.limits.SignedIn(c, p.Email)
	// Rights changed: the session goes on under a new id.
	if err := s.sessions.SignIn(c, auth.SignedIn{UserID: p.UserID, TenantID: p.TenantID}); err != nil {
		return err
	}
	return leaveTo(c, "/settings/business?done=handed-over")
}

// closeBusiness leads on to another business of the person, or out.
func (s *server) closeBusiness(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	err := s.limits.SignIn(c, p.Email)
	var next uuid.UUID
	if err == nil {
		next, err = s.Settings.Close(c.UserContext(), p, confirmation(c), mail.Closed(p.Location()))
	}
	if err != nil {
		return s.showEndingForm(c, true, err)
	}
	s.limits.SignedIn(c, p.Email)
	if next == uuid.Nil {
		if err := s.sessions.SignOut(c); err != nil {
			return err
		}
		c.Set("Clear-Site-Data", `"cache"`)
		return leaveTo(c, "/closed")
	}
	if err := s.sessions.SignIn(c, auth.SignedIn{UserID: p.UserID, TenantID: next}); err != nil {
		return err
	}
	return leaveTo(c, "/settings/profile?done=closed")
}

func confirmation(c *fiber.Ctx) tenant.Confirmation {
	return tenant.Confirmation{Name: c.FormValue("name"), Password: c.FormValue("password")}
}

// showEndingForm shows both ways, after a refusal with why.
func (s *server) showEndingForm(c *fiber.Ctx, closing bool, refused error) error {
	p, _ := mw.Principal(c)
	form := settings.EndingForm{Name: p.TenantName, Typed: c.FormValue("name"), SuccessorID: c.FormValue("successorId"), Closing: closing, CSRF: mw.Token(c)}
	var err error
	if e := apperr.From(refused); refused != nil && e.Code == apperr.RateLimited {
		form.RateLimited = waitText(e.RetryAfter)
		respond.SetRetryAfter(c, e.RetryAfter)
		c.Status(respond.Status(e.Code))
	} else if form.Errors, err = refusal(c, refused); err != nil {
		return err
	}
	colleagues, err := s.Auth.Colleagues(c.UserContext(), p)
	if err != nil {
		return err
	}
	form.Successors = []ui.Option{{Label: "Choose a person"}}
	for _, one := range colleagues {
		if one.UserID != p.UserID {
			form.Successors = append(form.Successors, ui.Option{Value: one.UserID.String(), Label: one.Name})
		}
	}
	frame, items := s.settingsFrame(c, "Hand over or close")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, settings.EndingPage(frame, items, form))
}

// showClosed stands where whoever closed their only business lands.
func (s *server) showClosed(c *fiber.Ctx) error {
	return respond.Render(c, signin.ClosedPage(s.frame(c, "Business closed", "")))
}
