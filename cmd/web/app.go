package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"payaid/db"
	"payaid/handlers"
	"payaid/internal/activity"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/bulk"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/factor"
	"payaid/internal/jobs"
	"payaid/internal/join"
	"payaid/internal/kv"
	"payaid/internal/limit"
	"payaid/internal/mail"
	"payaid/internal/metrics"
	"payaid/internal/notify"
	"payaid/internal/picture"
	"payaid/internal/platform"
	"payaid/internal/session"
	"payaid/internal/tenant"
	"payaid/static"
	mailview "payaid/views/mail"
)

// app is every dependency, built once and from top to bottom.
type app struct {
	cfg     *environment
	log     *slog.Logger
	servers *servers
	db      *db.DB
	redis   redis.UniversalClient
	cacheDB *db.DB // the cache's own connections
	live    *db.Generation
	watcher *backup.Watcher // tells live
	cache   *cache.Cache
	metrics *metrics.Metrics
	blobs   blob.Store
	jobs    *jobs.Client

	auth     *auth.Service
	factor   *factor.Service
	photos   *auth.Photos
	tenant   *tenant.Service
	join     *join.Service
	crm      *crm.Service
	activity *activity.Service
	bulk     *bulk.Service
	audit    *audit.Service
	mail     *mail.Service
	settings *tenant.Settings
	notify   *notify.Service

	backups *backup.Service
	desk    *backup.Desk
	works   bool // makes backups: the schedule's, and those asked for in the panel
	working chan struct{}
	stop    context.CancelFunc

	platform   *platform.Service
	federation *auth.Federation // nil without a provider
}

// newApp connects to everything and builds the services. With works it also
// works background jobs once they are started.
func (e *environment) newApp(ctx context.Context, log *slog.Logger, works bool) (_ *app, err error) {
	a := &app{cfg: e, log: log, metrics: metrics.New(version)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(ctx))
		}
	}()
	if a.servers, err = e.findServers(ctx, log); err != nil {
		return nil, err
	}
	a.live = db.NewGeneration()
	if a.db, err = openDatabase(ctx, a.servers, a.live); err != nil {
		return nil, err
	}
	if a.watcher, err = a.watch(); err != nil {
		return nil, err
	}
	if a.redis, err = kv.Open(a.servers.sessionURL); err != nil {
		return nil, fmt.Errorf("PAYAID_REDIS_SESSION_URL: %w", err)
	}
	if err = a.openCache(ctx); err != nil {
		return nil, err
	}
	if a.blobs, err = e.openBlobs(ctx); err != nil {
		return nil, fmt.Errorf("the object store does not answer: %w", err)
	}
	if err = a.build(ctx, works); err != nil {
		return nil, err
	}
	a.measure()
	a.watcher.Start(ctx)
	return a, nil
}

// openCache opens the cache with two connections to the database that no page can
// take from it.
func (a *app) openCache(ctx context.Context) (err error) {
	if a.cacheDB, err = db.Open(ctx, a.servers.databaseURL, db.Options{MaxConns: 2, Generation: a.live}); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	if a.cache, err = cache.New(cache.Options{URL: a.servers.cacheURL, DB: a.cacheDB, Log: a.log}); err != nil {
		return fmt.Errorf("PAYAID_REDIS_CACHE_URL: %w", err)
	}
	return nil
}

// build makes the services on what newApp connected to.
func (a *app) build(ctx context.Context, works bool) error {
	write := &change.Writer{DB: a.db, Tags: a.cache, Log: a.log, Now: time.Now}
	var err error
	if a.auth, err = auth.New(ctx, write, auth.WithNotices(mailview.SecurityNotice(a.cfg.cfg.BaseURL))); err != nil {
		return err
	}
	a.auth.UseCache(a.cache)
	if a.factor, err = factor.New(write, a.auth, factor.Options{SecretKey: a.servers.secretKey, BaseURL: a.cfg.cfg.BaseURL}); err != nil {
		return err
	}
	smtp, err := a.cfg.openSMTP()
	if err != nil {
		return err
	}
	a.mail = mail.New(a.db, smtp, a.log, time.Now)
	a.notify = notify.New(a.db, time.Now)
	a.tenant = tenant.New(write)
	a.join = join.New(write, a.auth)
	a.crm = crm.New(write, a.blobs, a.auth)
	a.crm.UseCache(a.cache)
	a.activity = activity.New(write, a.auth)
	a.activity.UseCache(a.cache)
	a.crm.AddList(activity.Entity, activity.Viewed())
	a.bulk = bulk.New(write, a.auth, a.crm.BulkEntities())
	a.audit = audit.New(a.db)
	pictures := picture.NewMaker()
	a.photos = auth.NewPhotos(write, a.blobs, pictures)
	a.settings = tenant.NewSettings(write, a.blobs, pictures, a.auth)
	if err := a.openBackups(ctx); err != nil {
		return err
	}
	options := jobs.Options{Log: a.log, Observe: a.metrics.Job, Tracked: []jobs.Tracker{jobs.Track[crm.ImportArgs](), jobs.Track[crm.UndoArgs](), jobs.Track[crm.TagRunArgs](), jobs.Track[bulk.Args]()}}
	if works {
		options.Workers = jobs.NewWorkers()
		jobs.Add(options.Workers, a.crm.RunImport)
		jobs.Add(options.Workers, a.crm.RunUndo)
		jobs.Add(options.Workers, a.crm.SweepImports)
		jobs.Add(options.Workers, a.crm.RunTags)
		jobs.Add(options.Workers, a.crm.PurgeTagRuns)
		jobs.Add(options.Workers, a.bulk.Work)
		jobs.Add(options.Workers, a.bulk.Purge)
		jobs.Add(options.Workers, write.RunPurge)
		jobs.Add(options.Workers, a.mail.Send)
		jobs.Add(options.Workers, a.mail.Purge)
		jobs.Add(options.Workers, a.notify.Purge)
		jobs.Add(options.Workers, func(ctx context.Context, args auth.ResetArgs, _ bool) error {
			return a.auth.SendPasswordReset(ctx, args, mailview.PasswordReset(a.cfg.cfg.BaseURL))
		})
		jobs.Add(options.Workers, func(ctx context.Context, args join.SignUpArgs, _ bool) error {
			return a.join.SendSignUp(ctx, args, join.SignUpLetters{New: mailview.SignUp(a.cfg.cfg.BaseURL), Known: mailview.SignUpKnown(a.cfg.cfg.BaseURL)})
		})
		jobs.Add(options.Workers, func(ctx context.Context, args join.InvitationArgs, _ bool) error {
			return a.join.SendInvitation(ctx, args, mailview.Invitation(a.cfg.cfg.BaseURL))
		})
		options.Periodic = []jobs.Periodic{
			{Every: time.Hour, Args: change.PurgeArgs{}}, {Every: 24 * time.Hour, Args: mail.PurgeArgs{}},
			{Every: 24 * time.Hour, Args: bulk.PurgeArgs{}}, {Every: 24 * time.Hour, Args: crm.PurgeTagRunsArgs{}}, {Every: time.Hour, Args: crm.SweepImportsArgs{}},
			{Every: 24 * time.Hour, Args: notify.PurgeArgs{}}, {Every: 5 * time.Minute, Args: backup.Nightly{}, Queue: backupQueue},
			{Every: 10 * time.Minute, Args: platform.WatchBackupsArgs{}},
		}
		a.worksBackups(ctx, &options)
		jobs.Add(options.Workers, func(ctx context.Context, _ platform.WatchBackupsArgs, _ bool) error {
			return a.platform.WatchBackups(ctx, mailview.BackupAlarm(a.cfg.cfg.BaseURL))
		})
	}
	if a.jobs, err = jobs.New(a.db, options); err != nil {
		return err
	}
	write.Jobs = a.jobs
	a.platform = platform.New(write, a.jobs, a.auth, a.cache)
	a.platform.UseBackups(a.desk)
	if p := a.cfg.provider(); p != nil {
		a.federation = a.auth.Federate(p, mailview.IdentityLinked(a.cfg.cfg.BaseURL))
	}
	return nil
}

// web returns the web face. closing is closed when the process begins to stop.
func (a *app) web(closing <-chan struct{}) (*handlers.Web, error) {
	files, err := static.Load()
	if err != nil {
		return nil, err
	}
	c := &a.cfg.cfg
	return handlers.New(handlers.Deps{
		Auth: a.auth, Federation: a.federation, Factor: a.factor, Photos: a.photos, Tenant: a.tenant, Join: a.join, Settings: a.settings, CRM: a.crm, Activity: a.activity, Bulk: a.bulk, Audit: a.audit, Mail: a.mail, Notify: a.notify, Cache: a.cache, Metrics: a.metrics, Platform: a.platform,
		Sessions: session.NewStore(a.redis, session.Options{Secure: c.SecureCookies(), Timeout: time.Second}),
		Limiter:  limit.New(a.redis), RequestRate: c.RequestRate, Static: files, Explain: change.Explain, Log: a.log, Now: time.Now,
		SecretKey: a.servers.secretKey, BaseURL: c.BaseURL, SecureCookies: c.SecureCookies(), TrustedProxies: c.TrustedProxies, Demo: c.Demo,
		SignUp: c.SignUpOpen(), ShowLinks: a.mail.Keeps() && !c.IsProduction(),
		Closing: closing,
		Checks: []handlers.Check{
			{Name: "database", Required: true, Ask: a.db.Ping},
			{Name: "schema", Required: true, Ask: a.db.CheckSchema},
			{Name: "generation", Ask: a.watcher.Check},
			{Name: "sessions", Ask: func(ctx context.Context) error { return a.redis.Ping(ctx).Err() }},
			{Name: "cache", Ask: a.cache.Ping},
			{Name: "objects", Ask: a.blobs.Check},
		},
	}), nil
}

// close gives everything back, last made first.
func (a *app) close(ctx context.Context) error {
	var errs []error
	a.stopBackups()
	if a.watcher != nil {
		a.watcher.Close()
	}
	if a.jobs != nil {
		errs = append(errs, a.jobs.Stop(ctx))
	}
	if a.cache != nil {
		errs = append(errs, a.cache.Close())
	}
	if a.cacheDB != nil {
		a.cacheDB.Close()
	}
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if a.db != nil {
		a.db.Close()
	}
	if a.servers != nil {
		errs = append(errs, a.servers.close())
	}
	return errors.Join(errs...)
}
