package mw

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/limit"
)

// The rates of the installation.
var (
	visitorRate = limit.Rate{Limit: 300, Per: time.Minute, Burst: 120}      // an address before sign-in
	accountRate = limit.Rate{Limit: 10, Per: 15 * time.Minute}              // failed sign-ins of one account
	addressRate = limit.Rate{Limit: 100, Per: 15 * time.Minute, Burst: 100} // sign-ins from one address
	secondRate  = limit.Rate{Limit: 5, Per: 15 * time.Minute}               // wrong second factors of one account
	secondDaily = limit.Rate{Limit: 30, Per: 24 * time.Hour}                // the same over a day: six digits are soon tried
	mailRate    = limit.Rate{Limit: 5, Per: time.Hour}                      // mails that anybody can have sent to one account
)

// signInPatience is how long a sign-in waits for the counter that it cannot do
// without.
const signInPatience = time.Second

// Limits holds the rate limits, which count across all replicas.
type Limits struct {
	limiter *limit.Limiter
	log     *slog.Logger

	request limit.Rate // of a person or a key
	tenant  limit.Rate // of everybody of one tenant together
}

// defaultRate is how many requests a minute one person or key has.
const defaultRate = 1200

// NewLimits returns limits that count in l. perMinute is what one person or key may
// ask, 1200 when 0; a quarter of it may come at once. Everybody of one tenant
// together has ten times as much.
func NewLimits(l *limit.Limiter, perMinute int, log *slog.Logger) *Limits {
	n := cmp.Or(perMinute, defaultRate)
	return &Limits{
		limiter: l, log: log,
		request: limit.Rate{Limit: n, Per: time.Minute, Burst: n / 4},
		tenant:  limit.Rate{Limit: 10 * n, Per: time.Minute, Burst: 10 * n / 6},
	}
}

// Requests limits what one person, key or visitor asks for. While the counter
// does not answer, everybody passes: reading must go on.
func (l *Limits) Requests(c *fiber.Ctx) error {
	checks := []limit.Check{{Key: "ip:" + IP(c), Rate: visitorRate}}
	if p, ok := Principal(c); ok {
		checks = []limit.Check{
			{Key: "actor:" + p.Actor().ID.String(), Rate: l.request},
			{Key: "tenant:" + p.TenantID.String(), Rate: l.tenant},
		}
	}
	decisions, err := l.limiter.AllowAll(c.UserContext(), checks)
	if err != nil {
		l.log.WarnContext(c.UserContext(), "rate limit not checked", "err", err)
		return c.Next()
	}
	first := decisions[0]
	c.Set("RateLimit-Limit", strconv.Itoa(first.Limit))
	c.Set("RateLimit-Remaining", strconv.Itoa(first.Remaining))
	for _, d := range decisions {
		if !d.Allowed {
			return tooMany(d.RetryAfter)
		}
	}
	return c.Next()
}

// SignIn limits tries to sign in, by address and by account. While the counter
// does not answer nobody may try: guessing must not become free.
func (l *Limits) SignIn(c *fiber.Ctx, email string) error {
	return l.tries(c, limit.Check{Key: "signin-ip:" + IP(c), Rate: addressRate}, limit.Check{Key: accountKey(email), Rate: accountRate})
}

// FederatedSignIn limits sign-ins by a provider, by address: each makes PayAid ask
// the provider and remember something.
func (l *Limits) FederatedSignIn(c *fiber.Ctx) error {
	return l.tries(c, limit.Check{Key: "oidc-ip:" + IP(c), Rate: addressRate})
}

// ForgotPassword limits the mails that a visitor can have sent, by address and by
// account, whether or not there is such an account.
func (l *Limits) ForgotPassword(c *fiber.Ctx, email string) error {
	return l.tries(c, limit.Check{Key: "forgot-ip:" + IP(c), Rate: addressRate}, limit.Check{Key: "forgot:" + normal(email), Rate: mailRate})
}

// SignUp limits the mails that a visitor can have sent to begin a sign-up, by
// address and by account, whether or not there is such an account.
func (l *Limits) SignUp(c *fiber.Ctx, email string) error {
	return l.tries(c, limit.Check{Key: "signup-ip:" + IP(c), Rate: addressRate}, limit.Check{Key: "signup:" + normal(email), Rate: mailRate})
}

// NewBusiness limits the businesses that one person makes.
func (l *Limits) NewBusiness(c *fiber.Ctx) error {
	p, _ := Principal(c)
	return l.tries(c, limit.Check{Key: "business:" + p.UserID.String(), Rate: mailRate})
}

// Invitation limits tries to guess the password of an account that is invited, by
// the link that was sent to it.
func (l *Limits) Invitation(c *fiber.Ctx, token string) error {
	sum := sha256.Sum256([]byte(token)) // no secret is kept with the counters
	return l.tries(c, limit.Check{Key: "invitation:" + hex.EncodeToString(sum[:16]), Rate: accountRate})
}

// ResetToken limits tries to guess the token of a link, by address.
func (l *Limits) ResetToken(c *fiber.Ctx) error {
	return l.tries(c, limit.Check{Key: "reset-ip:" + IP(c), Rate: addressRate})
}

// Passkey limits tries to sign in with a passkey, by address: whose it is shows
// only in the answer, which cannot be guessed.
func (l *Limits) Passkey(c *fiber.Ctx) error {
	return l.tries(c, limit.Check{Key: "passkey-ip:" + IP(c), Rate: addressRate})
}

// SecondFactor limits tries to pass the second factor of an account, by address
// and by account. A right password does not forget them.
func (l *Limits) SecondFactor(c *fiber.Ctx, user uuid.UUID) error {
	return l.tries(c, limit.Check{Key: "second-ip:" + IP(c), Rate: addressRate},
		limit.Check{Key: secondKey(user), Rate: secondRate}, limit.Check{Key: secondDay(user), Rate: secondDaily})
}

// SecondFactorPassed forgets the account's failed tries.
func (l *Limits) SecondFactorPassed(c *fiber.Ctx, user uuid.UUID) {
	for _, key := range []string{secondKey(user), secondDay(user)} {
		if err := l.limiter.Reset(c.UserContext(), key); err != nil {
			l.log.WarnContext(c.UserContext(), "second factor tries not forgotten", "err", err)
		}
	}
}

func secondKey(user uuid.UUID) string { return "second:" + user.String() }
func secondDay(user uuid.UUID) string { return "second-day:" + user.String() }

// tries refuses everybody while the counter does not answer.
func (l *Limits) tries(c *fiber.Ctx, checks ...limit.Check) error {
	decisions, err := l.limiter.Patient(signInPatience).AllowAll(c.UserContext(), checks)
	if err != nil {
		return apperr.Busy(err, 2*time.Second)
	}
	for _, d := range decisions {
		if !d.Allowed {
			return tooMany(d.RetryAfter)
		}
	}
	return nil
}

// SignedIn forgets the account's failed tries.
func (l *Limits) SignedIn(c *fiber.Ctx, email string) {
	if err := l.limiter.Reset(c.UserContext(), accountKey(email)); err != nil {
		l.log.WarnContext(c.UserContext(), "sign-in tries not forgotten", "err", err)
	}
}

func accountKey(email string) string { return "signin:" + normal(email) }

func normal(email string) string { return truncate(strings.ToLower(strings.TrimSpace(email)), 254) }

func tooMany(after time.Duration) error {
	e := apperr.New(apperr.RateLimited, "There were too many requests in a short time. Please wait a little and try again.")
	e.RetryAfter = max(after, time.Second)
	return e
}
