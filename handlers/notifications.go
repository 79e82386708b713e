package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/internal/notify"
	"payaid/views/notifications"
)

func person(p auth.Principal) notify.Person { return notify.Person{Tenant: p.TenantID, User: p.UserID} }

// listNotifications answers the page, or the list alone for the bell's popover.
func (s *server) listNotifications(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.Notify.List(c.UserContext(), person(p), c.Query("cursor"))
	if err != nil {
		return err
	}
	props := notifications.Props{Page: page, CSRF: mw.Token(c)}
	return show(c, notifications.Page(s.frame(c, "Notifications", "notifications"), props), notifications.List(props))
}

// showUnread answers the number on the bell.
func (s *server) showUnread(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	n, err := s.Notify.Unread(c.UserContext(), person(p))
	if err != nil {
		return err
	}
	return respond.Render(c, notifications.Unread(n))
}

// openNotification marks one as read and leads to what it is about.
func (s *server) openNotification(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	link, err := s.Notify.Read(c.UserContext(), person(p), id)
	if err != nil {
		return err
	}
	if link == "" {
		link = "/notifications"
	}
	return leaveTo(c, link)
}

func (s *server) readNotifications(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Notify.ReadAll(c.UserContext(), person(p)); err != nil {
		return err
	}
	return leaveTo(c, "/notifications")
}
