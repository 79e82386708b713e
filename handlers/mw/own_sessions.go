package mw

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/session"
)

// List returns the sessions of a person, newest first, and the handle of the one
// that asks.
func (s *Sessions) List(c *fiber.Ctx, user uuid.UUID) (list []session.Info, current string, err error) {
	sess, err := s.store.Get(shim(c), s.cookie)
	if err != nil {
		return nil, "", busy(err)
	}
	list, err = s.store.List(c.UserContext(), user.String())
	return list, session.Handle(sess), busy(err)
}

// End ends one session of a person. One that is over already is no error.
func (s *Sessions) End(c *fiber.Ctx, user uuid.UUID, handle string) error {
	err := s.store.Revoke(c.UserContext(), user.String(), handle)
	if errors.Is(err, session.ErrNotFound) {
		return nil
	}
	return busy(err)
}

func busy(err error) error {
	if errors.Is(err, session.ErrUnavailable) {
		return apperr.Busy(err, 2*time.Second)
	}
	return err
}
