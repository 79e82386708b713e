package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/views/mailbox"
)

func (s *server) listMail(c *fiber.Ctx) error {
	page, err := s.Mail.Mailbox(c.UserContext(), c.Query("cursor"))
	if err != nil {
		return err
	}
	return show(c, mailbox.ListPage(s.frame(c, "Mail · Administration", "admin-mail"), page, s.Mail.Keeps()), mailbox.Results(page))
}

func (s *server) showMail(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	letter, err := s.Mail.Letter(c.UserContext(), id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store") // links in it may be secrets
	page := mailbox.LetterPage(s.frame(c, letter.Subject+" · Mail", "admin-mail"), letter, mw.Token(c))
	return show(c, page, page)
}

// resendMail has a mail sent that every try was refused for, or that is held.
func (s *server) resendMail(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Platform.ResendMail(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, "/admin/mail/"+id.String())
}

// discardMail deletes a mail that is held.
func (s *server) discardMail(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Platform.DiscardMail(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, "/admin/mail")
}

// showMailHTML sends the HTML form as it is, under a policy that lets it do
// nothing.
func (s *server) showMailHTML(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	letter, err := s.Mail.Letter(c.UserContext(), id)
	if err != nil {
		return err
	}
	if letter.HTML == "" {
		return apperr.New(apperr.NotFound, "The text of this mail was removed when it was sent.")
	}
	c.Set(fiber.HeaderContentSecurityPolicy, mw.MailCSP)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.SendString(letter.HTML)
}
