// Package join knows how people come into a business: by signing up, which makes
// one, by an invitation, and by making one more. It stands above tenant and auth,
// which own the businesses and the people.
package join

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// Service holds the use cases.
type Service struct {
	db     *db.DB
	write  *change.Writer
	people *auth.Service
	now    func() time.Time
}

// New returns a Service that makes accounts by people.
func New(w *change.Writer, people *auth.Service) *Service {
	return &Service{db: w.DB, write: w, people: people, now: w.Now}
}

// prepare adds to f what is wrong with an account. The time of a password hash is
// taken only when nothing is wrong at all.
func (s *Service) prepare(ctx context.Context, f *apperr.Fields, in auth.UserInput) (auth.NewUser, error) {
	f.Check(strings.TrimSpace(in.Name) != "", "name", "Enter your name.")
	if err := in.Validate(); err != nil {
		for _, d := range apperr.From(err).Details {
			f.Add(d.Field, d.Message)
		}
	}
	if err := f.Err(); err != nil {
		return auth.NewUser{}, err
	}
	return s.people.PrepareUser(ctx, in)
}

// storable reports whether s is a text that PostgreSQL takes: it refuses NUL and
// broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
