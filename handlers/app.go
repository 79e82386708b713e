// Package handlers is the web face of PayAid: pages and fragments for people,
// and under api the JSON for programs. A handler reads the request, calls one
// method of an area and shows the outcome; it decides nothing itself.
package handlers

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/activity"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/cache"
	"payaid/internal/crm"
	"payaid/internal/factor"
	"payaid/internal/join"
	"payaid/internal/limit"
	"payaid/internal/mail"
	"payaid/internal/metrics"
	"payaid/internal/notify"
	"payaid/internal/platform"
	"payaid/internal/session"
	"payaid/internal/tenant"
	"payaid/static"
)

const (
	// requestTimeout bounds the work for one answer. Streams have their own end.
	requestTimeout = 15 * time.Second
	// smallBody is what a form or a JSON document may weigh.
	smallBody = 1 << 20
	// uploadBody is what a form with a file may weigh: the file and some room for the
	// form around it.
	uploadBody = crm.MaxImportSize + 1<<20
	// prefetchBody is how much of a body is read before its handler runs; the
	// rest is streamed.
	prefetchBody = 256 << 10
)

// Deps is everything the web face needs, made in cmd/web.
type Deps struct {
	Auth           *auth.Service
	Federation     *auth.Federation // nil: nobody signs in by a provider
	Factor         *factor.Service
	Photos         *auth.Photos
	Tenant         *tenant.Service
	Join           *join.Service
	Settings       *tenant.Settings
	CRM            *crm.Service
	Activity       *activity.Service
	Bulk           *bulk.Service
	Mail           *mail.Service
	Notify         *notify.Service
	Cache          *cache.Cache // nil: nothing is kept
	Metrics        *metrics.Metrics
	Platform       *platform.Service
	Audit          *audit.Service
	Sessions       *session.Store
	Limiter        *limit.Limiter
	RequestRate    int // as mw.NewLimits takes it
	Static         *static.Files
	Checks         []Check
	Explain        func(error) error // errors of tools, for respond
	Log            *slog.Logger
	Now            func() time.Time
	SecretKey      string
	BaseURL        string
	SecureCookies  bool
	TrustedProxies []netip.Prefix
	Demo           bool
	SignUp         bool            // strangers may sign up, and people make further businesses
	ShowLinks      bool            // no mail reaches anybody: pages show the links themselves; never in production
	Closing        <-chan struct{} // closed when the process begins to stop
}

// server holds what the handlers share.
type server struct {
	Deps
	respond  *respond.Responder
	sessions *mw.Sessions
	csrf     *mw.CSRF
	limits   *mw.Limits
}

// Web is the application with every route.
type Web struct{ app *fiber.App }

// Serve answers requests on l until Shutdown.
func (w *Web) Serve(l net.Listener) error { return w.app.Listener(l) }

// Shutdown takes no new requests and waits up to timeout for running ones.
func (w *Web) Shutdown(timeout time.Duration) error { return w.app.ShutdownWithTimeout(timeout) }

// New returns the application.
func New(d Deps) *Web {
	s := &server{Deps: d}
	s.respond = respond.New(respond.Options{Log: d.Log, Explain: d.Explain, Page: s.errorPage, Toast: errorToast, Now: d.Now})
	s.sessions = mw.NewSessions(d.Sessions, d.Auth, d.SecureCookies)
	s.csrf = mw.NewCSRF(d.SecretKey, s.sessions, d.SecureCookies)
	s.limits = mw.NewLimits(d.Limiter, d.RequestRate, d.Log)
	app := fiber.New(fiber.Config{
		AppName:               "PayAid",
		DisableStartupMessage: true,
		Immutable:             true, // without it, strings of a request change under their keeper
		StreamRequestBody:     true,
		// Otherwise uploads of any size are written to disk before anybody is asked who sends them.
		DisablePreParseMultipartForm: true,
		BodyLimit:                    prefetchBody,
		ReadTimeout:                  time.Minute,
		WriteTimeout:                 5 * time.Minute,
		IdleTimeout:                  75 * time.Second,
		ErrorHandler:                 s.respond.Error,
	})
	app.Use(mw.Measure(d.Metrics), mw.Drain(d.Closing), mw.UnreadBody, mw.RequestID, mw.RealIP(d.TrustedProxies), mw.Log(d.Log, s.respond), mw.SecurityHeaders(strings.HasPrefix(d.BaseURL, "https://")))
	s.routes(app)
	return &Web{app: app}
}
