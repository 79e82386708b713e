package handlers_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"payaid/db"
	"payaid/handlers"
	"payaid/internal/activity"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/bulk"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/dbtest"
	"payaid/internal/factor"
	"payaid/internal/jobs"
	"payaid/internal/join"
	"payaid/internal/limit"
	"payaid/internal/mail"
	"payaid/internal/metrics"
	"payaid/internal/notify"
	"payaid/internal/picture"
	"payaid/internal/platform"
	"payaid/internal/servertest"
	"payaid/internal/session"
	"payaid/internal/tenant"
	"payaid/static"
	mailview "payaid/views/mail"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	password  = "correct horse battery"
	secretKey = "a secret for tests"
)

// world is one running PayAid with two businesses. home has an owner, a manager
// and a member of the manager's team; the stranger owns the other business.
type world struct {
	app      *fiber.App
	db       *dbtest.Database
	pool     *db.DB // of the application; four connections
	auth     *auth.Service
	factor   *factor.Service
	photos   *auth.Photos
	settings *tenant.Settings
	blobs    blob.Store
	crm      *crm.Service
	activity *activity.Service
	bulk     *bulk.Service
	tenants  *tenant.Service
	join     *join.Service
	mail     *mail.Service // without a server: mails stay in the mailbox
	queue    *jobs.Client
	platform *platform.Service
	cache    *cache.Cache
	redisURL string
	logs     *logBuffer
	closing  chan struct{}

	home, elsewhere        uuid.UUID
	owner, manager, member account
	admin                  account
	colleague              account // a member without a team
	stranger               account
	operator               account // a platform administrator, a member of the other business
	mu                     sync.Mutex
	browsers               map[string]*browser
	ownerKey, otherKey     string         // API keys with the role admin
	readKey                string         // an API key that may only read contacts
	lastCodes              []string       // recovery codes of whom halfway made last
	lastKey                *authenticator // of whom halfwayByKey made last
	vault                  *vault         // with withBackups
}

type account struct {
	id    uuid.UUID
	email string
}

// setup changes what a world is built from.
type setup func(t testing.TB, w *world, d *handlers.Deps)

// newWorld builds the application over real servers.
func newWorld(t testing.TB, changes ...setup) *world {
	t.Helper()
	w := &world{db: dbtest.New(t), redisURL: servertest.Redis(t), logs: &logBuffer{}, closing: make(chan struct{}), browsers: map[string]*browser{}}
	log := slog.New(slog.NewJSONHandler(w.logs, nil))
	w.pool = openPool(t, w.db.AppURL)
	writer, services := w.services(t, w.pool, log)
	redis := servertest.Client(t, w.redisURL)
	files, err := static.Load()
	ok(t, err)
	d := handlers.Deps{
		Auth: w.auth, Factor: w.factor, Photos: w.photos, Tenant: services, Join: w.join, SignUp: true, Settings: w.settings, CRM: w.crm, Activity: w.activity, Bulk: w.bulk, Audit: audit.New(w.pool), Mail: w.mail, Notify: notify.New(w.pool, writer.Now), Cache: w.cache, Metrics: metrics.New("test"), Platform: w.platform, Sessions: session.NewStore(redis, session.Options{}), Limiter: limit.New(redis), Static: files,
		Explain: change.Explain, Log: log, Now: writer.Now, SecretKey: secretKey, BaseURL: "http://example.com", Closing: w.closing,
	}
	w.tenants = services
	w.people(t, services)
	for _, change := range changes {
		change(t, w, &d)
	}
	w.app = handlers.New(d).App()
	return w
}

func openPool(t testing.TB, url string) *db.DB {
	t.Helper()
	pool, err := db.Open(t.Context(), url, db.Options{MaxConns: 4})
	ok(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// services builds the areas on pool. Nobody works the jobs: tests do it themselves.
func (w *world) services(t testing.TB, pool *db.DB, log *slog.Logger) (*change.Writer, *tenant.Service) {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	ok(t, err)
	kept := w.openCache(t, log)
	w.cache = kept
	writer := &change.Writer{DB: pool, Tags: kept, Log: log, Now: time.Now}
	w.auth, err = auth.New(t.Context(), writer, auth.WithNotices(mailview.SecurityNotice("http://example.com")))
	ok(t, err)
	w.auth.UseCache(kept)
	w.factor, err = factor.New(writer, w.auth, factor.Options{SecretKey: secretKey, BaseURL: "http://example.com"})
	ok(t, err)
	w.blobs, w.photos = blobs, auth.NewPhotos(writer, blobs, picture.NewMaker())
	w.settings = tenant.NewSettings(writer, blobs, picture.NewMaker(), w.auth)
	w.crm = crm.New(writer, blobs, w.auth)
	w.crm.UseCache(kept)
	w.activity = activity.New(writer, w.auth)
	w.activity.UseCache(kept)
	w.crm.AddList(activity.Entity, activity.Viewed())
	w.bulk = bulk.New(writer, w.auth, w.crm.BulkEntities())
	w.mail = mail.New(pool, nil, log, time.Now)
	client, err := jobs.New(pool, jobs.Options{Log: log, Tracked: []jobs.Tracker{jobs.Track[crm.ImportArgs](), jobs.Track[bulk.Args]()}})
	ok(t, err)
	writer.Jobs, w.queue, w.platform = client, client, platform.New(writer, client, w.auth, kept)
	w.join = join.New(writer, w.auth)
	return writer, tenant.New(writer)
}

// openCache keeps values from the first look on; in production a tenant's first
// seconds are waited out.
func (w *world) openCache(t testing.TB, log *slog.Logger) *cache.Cache {
	t.Helper()
	c, err := cache.New(cache.Options{URL: w.redisURL, DB: w.db.DB, Log: log, Lease: time.Second, Deadline: 10 * time.Millisecond, WriteTimeout: time.Second})
	ok(t, err)
	c.Start(t.Context())
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *world) people(t testing.TB, tenants *tenant.Service) {
	t.Helper()
	ctx := t.Context()
	home, err := tenants.Create(ctx, tenant.Input{Slug: "home", Name: "Udyog Traders"})
	ok(t, err)
	elsewhere, err := tenants.Create(ctx, tenant.Input{Slug: "elsewhere", Name: "Konkan Logistics"})
	ok(t, err)
	team, err := tenants.CreateTeam(ctx, home.ID, "Sales")
	ok(t, err)
	w.home, w.elsewhere = home.ID, elsewhere.ID
	w.owner = w.person(t, home.ID, "Asha Shah", auth.Owner, nil)
	w.admin = w.person(t, home.ID, "Divya Admin", auth.Admin, nil)
	w.manager = w.person(t, home.ID, "Manoj Rao", auth.Manager, &team)
	w.member = w.person(t, home.ID, "Meera Joshi", auth.Member, &team)
	w.colleague = w.person(t, home.ID, "Kabir Nair", auth.Member, nil)
	w.stranger = w.person(t, elsewhere.ID, "Zoya Khan", auth.Owner, nil)
	w.operator = w.person(t, elsewhere.ID, "Pooja Menon", auth.Member, nil)
	w.db.OwnerExec(t, "UPDATE users SET platform_admin = true WHERE id = $1", w.operator.id)
	w.ownerKey = w.apiKey(t, home.ID, auth.Admin)
	w.otherKey = w.apiKey(t, elsewhere.ID, auth.Admin)
	w.readKey = w.apiKey(t, home.ID, auth.Admin, auth.ContactsRead)
}

func (w *world) person(t testing.TB, business uuid.UUID, name string, role auth.Role, team *uuid.UUID) account {
	t.Helper()
	email := strings.ToLower(strings.Fields(name)[0]) + "@example.in"
	id, err := w.auth.CreateUser(t.Context(), auth.UserInput{Email: email, Name: name, Password: password, TenantID: business, Role: role, TeamID: team})
	ok(t, err)
	return account{id: id, email: email}
}

// apiKey makes a key with the rights of role, or only with those in scopes.
func (w *world) apiKey(t testing.TB, business uuid.UUID, role auth.Role, scopes ...auth.Right) string {
	t.Helper()
	secret, err := w.auth.CreateAPIKey(t.Context(), business, auth.APIKeyInput{Name: "test", Role: role, Scopes: scopes})
	ok(t, err)
	return secret
}

// redis returns the server that keeps sessions and limits.
func (w *world) redis(t testing.TB) redis.UniversalClient {
	t.Helper()
	return servertest.Client(t, w.redisURL)
}

// forgetAddresses makes the limits of addresses begin anew: all that a test asks
// comes from one.
func forgetAddresses(t testing.TB, redis redis.UniversalClient) {
	t.Helper()
	keys, err := redis.Keys(t.Context(), "limit:*ip:*").Result()
	ok(t, err)
	for _, key := range keys {
		ok(t, redis.Del(t.Context(), key).Err())
	}
}

// principal returns a person as the areas know them, to arrange data.
func (w *world) principal(t testing.TB, a account) auth.Principal {
	t.Helper()
	business := w.home
	if a == w.stranger || a == w.operator {
		business = w.elsewhere
	}
	p, err := w.auth.Member(t.Context(), business, a.id, time.Now())
	ok(t, err)
	return p
}

// contact makes a contact that belongs to a. Its e-mail is its own.
func (w *world) contact(t testing.TB, a account, in crm.ContactInput) crm.Contact {
	t.Helper()
	if in.Email == "" {
		in.Email = "c" + uuid.NewString()[:8] + "@example.in"
	}
	c, err := w.crm.CreateContact(t.Context(), w.principal(t, a), in)
	ok(t, err)
	return c
}

// workMail starts a worker for the jobs around mail, until the test ends.
func (w *world) workMail(t testing.TB) {
	t.Helper()
	workers := jobs.NewWorkers()
	jobs.Add(workers, w.mail.Send)
	jobs.Add(workers, func(ctx context.Context, args auth.ResetArgs, _ bool) error {
		return w.auth.SendPasswordReset(ctx, args, mailview.PasswordReset("http://example.com"))
	})
	jobs.Add(workers, func(ctx context.Context, args join.SignUpArgs, _ bool) error {
		return w.join.SendSignUp(ctx, args, join.SignUpLetters{New: mailview.SignUp("http://example.com"), Known: mailview.SignUpKnown("http://example.com")})
	})
	jobs.Add(workers, func(ctx context.Context, args join.InvitationArgs, _ bool) error {
		return w.join.SendInvitation(ctx, args, mailview.Invitation("http://example.com"))
	})
	queue, err := jobs.New(openPool(t, w.db.AppURL), jobs.Options{Log: slog.New(slog.DiscardHandler), Workers: workers})
	ok(t, err)
	ok(t, queue.Start(context.Background()))
	t.Cleanup(func() { ok(t, queue.Stop(context.Background())) })
}

// serve answers on a real port, for what app.Test cannot do: streams, bodies of
// unknown length, connections that are kept or cut.
func (w *world) serve(t testing.TB) (baseURL string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	done := make(chan error, 1)
	go func() { done <- w.app.Listener(l) }()
	t.Cleanup(func() {
		ok(t, w.app.ShutdownWithTimeout(5*time.Second))
		ok(t, <-done)
	})
	return "http://" + l.Addr().String()
}

// logBuffer keeps log lines. It is safe for concurrent use.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// lines returns the lines that hold text.
func (l *logBuffer) lines(text string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for line := range strings.Lines(l.buf.String()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until holds reports true.
func eventually(t testing.TB, what string, holds func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !holds(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
