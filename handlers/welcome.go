package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/ui"
	"payaid/views/welcome"
)

func (s *server) showWelcome(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	steps, err := s.CRM.FirstSteps(c.UserContext(), p)
	if err != nil {
		return err
	}
	frame := s.frame(c, "First steps", "")
	frame.Notice = welcomeNotice(c)
	return respond.Render(c, welcome.Page(frame, welcome.Props{
		Business: p.TenantName, Steps: steps, CSRF: mw.Token(c),
		MayImport: p.Can(auth.ContactsWrite), MayLoad: crm.MayLoadSamples(p), MayInvite: p.Can(auth.PeopleConfigure),
	}))
}

func welcomeNotice(c *fiber.Ctx) *ui.ToastProps {
	switch c.Query("done") {
	case "loaded":
		return &ui.ToastProps{Kind: ui.ToastSuccess, Title: "The sample data is there."}
	case "removed":
		return &ui.ToastProps{Kind: ui.ToastSuccess, Title: "The sample data was moved to the trash."}
	}
	return nil
}

func (s *server) loadSamples(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if _, err := s.CRM.LoadSamples(c.UserContext(), p); err != nil {
		return err
	}
	return leaveTo(c, "/welcome?done=loaded")
}

func (s *server) removeSamples(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if _, err := s.CRM.RemoveSamples(c.UserContext(), p); err != nil {
		return err
	}
	return leaveTo(c, "/welcome?done=removed")
}
