package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"payaid/internal/kv"
	"payaid/internal/limit"
)

// What the raw server is told by its environment.
const (
	rawAddr   = "BENCH_RAW_ADDR"
	rawDB     = "BENCH_RAW_DATABASE" // as the owner, past row level security
	rawRedis  = "BENCH_RAW_REDIS"
	rawBodies = "BENCH_RAW_BODIES" // a directory with the answers
	rawTenant = "BENCH_RAW_TENANT"
)

// The answers that the raw server sends, as PayAid made them once.
const (
	listBody    = "list.json"
	contactBody = "contact.json"
)

// The least that the database has to do for an answer. Joined plainly, the planner
// would read all companies for 50 names.
const (
	rawColumns = `c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage,
		c.status, c.warmth, c.lead_score, c.last_contacted_at, c.next_follow_up, c.owner_id, c.version, c.created_at, c.updated_at,
		(SELECT name FROM companies o WHERE o.tenant_id = c.tenant_id AND o.id = c.company_id), (SELECT name FROM users u WHERE u.id = c.owner_id)`
	rawPage   = "SELECT " + rawColumns + " FROM contacts c WHERE c.tenant_id = $1 AND c.deleted_at IS NULL ORDER BY c.sort_name, c.id LIMIT 51"
	rawOne    = "SELECT " + rawColumns + " FROM contacts c WHERE c.tenant_id = $1 AND c.id = $2"
	rawSearch = "SELECT id, name, email FROM bench_ilike WHERE tenant_id = $1 AND (name ILIKE $2 OR email ILIKE $2) ORDER BY name, id LIMIT 51"
	rawInsert = `INSERT INTO contacts (tenant_id, id, first_name, last_name, email, phone, notes, created_at, updated_at)
		VALUES ($1, $2, 'Raw', 'Limit', $3, '+919812345678', 'A note of some words.', now(), now())`
)

// raw is the least possible server: a bare Fiber handler that makes the same round
// trips and sends ready bytes.
type raw struct {
	db            *pgxpool.Pool
	redis         redis.UniversalClient
	tenant        uuid.UUID
	tokens        []string
	list, contact []byte
}

// serveRaw runs the raw server until ctx ends.
func serveRaw(ctx context.Context) error {
	r := &raw{}
	cfg, err := pgxpool.ParseConfig(os.Getenv(rawDB))
	if err != nil {
		return err
	}
	cfg.MaxConns = 20
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	if r.db, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	if r.redis, err = kv.Open(os.Getenv(rawRedis)); err != nil {
		return err
	}
	if r.tenant, err = uuid.Parse(os.Getenv(rawTenant)); err != nil {
		return err
	}
	bodies, err := os.OpenRoot(os.Getenv(rawBodies))
	if err != nil {
		return err
	}
	for name, into := range map[string]*[]byte{listBody: &r.list, contactBody: &r.contact} {
		if *into, err = bodies.ReadFile(name); err != nil {
			return err
		}
	}
	// As many tokens as the list of PayAid asks for.
	for _, tag := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		key := "raw:" + tag
		r.tokens = append(r.tokens, key)
		if err := r.redis.Set(ctx, key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0).Err(); err != nil {
			return err
		}
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Get("/ready", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusOK) })
	app.Get("/kept", r.answer(true, nil))
	app.Get("/page", r.answer(false, func(*fiber.Ctx) (string, []any) { return rawPage, []any{r.tenant} }))
	app.Get("/one/:id", r.answer(false, func(c *fiber.Ctx) (string, []any) { return rawOne, []any{r.tenant, c.Params("id")} }))
	app.Get("/search/:text", r.answer(false, func(c *fiber.Ctx) (string, []any) {
		return rawSearch, []any{r.tenant, "%" + c.Params("text") + "%"}
	}))
	app.Post("/insert", r.answer(false, func(*fiber.Ctx) (string, []any) {
		id := uuid.Must(uuid.NewV7())
		return rawInsert, []any{r.tenant, id, id.String() + "@raw.test"}
	}))
	go func() {
		<-ctx.Done()
		_ = app.ShutdownWithTimeout(time.Second) // it serves nothing that matters any more
	}()
	return app.Listen(os.Getenv(rawAddr))
}

// answer makes one round trip to Redis, one to the database when query names one,
// and sends what is ready.
func (r *raw) answer(tokens bool, query func(c *fiber.Ctx) (string, []any)) fiber.Handler {
	checks := []limit.Check{
		{Key: "raw:actor", Rate: limit.Rate{Limit: 6_000_000, Per: time.Minute}}, {Key: "raw:tenant", Rate: limit.Rate{Limit: 60_000_000, Per: time.Minute}},
	}
	return func(c *fiber.Ctx) error {
		ctx := c.UserContext()
		_, err := r.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			limit.Queue(ctx, p, checks)
			if tokens {
				p.MGet(ctx, r.tokens...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		body := r.list
		if query != nil {
			sql, args := query(c)
			rows, err := r.db.Query(ctx, sql, args...)
			if err := drain(rows, err); err != nil {
				return err
			}
			if !strings.HasPrefix(c.Path(), "/page") && !strings.HasPrefix(c.Path(), "/search") {
				body = r.contact
			}
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(body)
	}
}

func drain(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if rows.Err() == nil && n == 0 && rows.CommandTag().Select() {
		return errors.New("the raw query found nothing")
	}
	return rows.Err()
}
