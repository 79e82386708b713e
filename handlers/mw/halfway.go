package mw

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/session"
)

// halfwayLife is how long a second factor may take.
const halfwayLife = 5 * time.Minute

// What a session without a person keeps of a sign-in that waits. It names nobody
// under session.UserID, so that it opens no page.
const (
	waitingUser   = "waiting.user"
	waitingTenant = "waiting.tenant"
	waitingNext   = "waiting.next"
	waitingSince  = "waiting.since" // Unix milliseconds
)

// Waiting is a sign-in that waits for its second factor in this browser.
type Waiting struct {
	auth.SignedIn
	Since time.Time // of the first factor
	Next  string    // where it leads
}

// Wait keeps a sign-in for up to five minutes, in a session that belongs to nobody
// and has an id of its own. Whoever was signed in here is not any more.
func (s *Sessions) Wait(c *fiber.Ctx, in auth.SignedIn, next string) error {
	r := shim(c)
	sess, err := s.store.Get(r, s.cookie)
	if err != nil {
		return busy(err)
	}
	for name := range sess.Values {
		if _, ours := name.(string); ours {
			delete(sess.Values, name)
		}
	}
	sess.Values[waitingUser], sess.Values[waitingTenant] = in.UserID.String(), in.TenantID.String()
	sess.Values[waitingNext], sess.Values[waitingSince] = next, strconv.FormatInt(time.Now().UnixMilli(), 10)
	session.Renew(sess)
	return s.save(c, r, sess)
}

// Waiting returns the sign-in that waits in this browser; false when there is none
// or its time is over.
func (s *Sessions) Waiting(c *fiber.Ctx) (Waiting, bool) {
	sess, err := s.store.Get(shim(c), s.cookie)
	if err != nil {
		return Waiting{}, false
	}
	text := func(name string) string { v, _ := sess.Values[name].(string); return v }
	user, err1 := uuid.Parse(text(waitingUser))
	tenant, err2 := uuid.Parse(text(waitingTenant))
	ms, err3 := strconv.ParseInt(text(waitingSince), 10, 64)
	since := time.UnixMilli(ms)
	if err1 != nil || err2 != nil || err3 != nil || time.Since(since) > halfwayLife {
		return Waiting{}, false
	}
	return Waiting{SignedIn: auth.SignedIn{UserID: user, TenantID: tenant}, Since: since, Next: text(waitingNext)}, true
}
