package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/localstack"
	"payaid/internal/mail"
	"payaid/internal/oidc"
)

// databaseName is the database of the embedded server.
const databaseName = "payaid"

// servers are the addresses of what PayAid runs on: those of the environment, or
// the embedded ones.
type servers struct {
	databaseURL, ownerURL string
	backupURL             string
	sessionURL, cacheURL  string
	secretKey             string
	stack                 *localstack.Stack // nil when nothing is embedded
}

// findServers reads the addresses and starts the embedded servers where one is
// absent. The embedded database is made and migrated on the way.
func (e *environment) findServers(ctx context.Context, log *slog.Logger) (*servers, error) {
	s := &servers{
		databaseURL: e.cfg.DatabaseURL, ownerURL: e.cfg.DatabaseOwnerURL, backupURL: e.cfg.BackupURL,
		sessionURL: e.cfg.RedisSessionURL, cacheURL: e.cfg.RedisCacheURL, secretKey: e.cfg.SecretKey,
	}
	if s.databaseURL != "" && s.sessionURL != "" && s.cacheURL != "" && s.secretKey != "" {
		return s, nil
	}
	stack, err := localstack.Start(ctx, localstack.Options{DataDir: e.cfg.DataDir, Log: log})
	if err != nil {
		return nil, err
	}
	s.stack = stack
	if s.sessionURL == "" {
		s.sessionURL = stack.RedisURL(0)
	}
	if s.cacheURL == "" {
		s.cacheURL = stack.RedisURL(1)
	}
	if s.secretKey == "" {
		s.secretKey = stack.SecretKey()
	}
	if s.databaseURL != "" {
		return s, nil
	}
	s.databaseURL, s.ownerURL = stack.DatabaseURL(db.RoleApp, databaseName), stack.DatabaseURL(db.RoleOwner, databaseName)
	s.backupURL = stack.DatabaseURL(db.RoleBackup, databaseName)
	if err := prepareDatabase(ctx, stack, s.ownerURL, log); err != nil {
		return nil, errors.Join(err, stack.Close())
	}
	return s, nil
}

func prepareDatabase(ctx context.Context, stack *localstack.Stack, ownerURL string, log *slog.Logger) error {
	if err := db.EnsureDatabase(ctx, stack.SuperuserURL(), databaseName); err != nil {
		return err
	}
	m, err := db.OpenMigrator(ctx, ownerURL)
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, m, ownerURL, log), m.Close())
}

// migrate applies what is missing. Only then do backups have to wait: most starts find
// nothing to do.
func migrate(ctx context.Context, m *db.Migrator, ownerURL string, log *slog.Logger) error {
	all, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(s db.Migration) bool { return !s.Applied }) {
		return backup.EnsureOps(ctx, ownerURL)
	}
	release, err := backup.HoldBackups(ctx, ownerURL, time.Minute)
	if err != nil {
		return fmt.Errorf("the database cannot be migrated now: %w", err)
	}
	defer release()
	done, err := m.Up(ctx)
	if err == nil && len(done) > 0 {
		log.InfoContext(ctx, "database migrated", "steps", len(done))
	}
	return err
}

// close leaves the embedded servers; the last process to leave stops them.
func (s *servers) close() error {
	if s.stack == nil {
		return nil
	}
	return s.stack.Close()
}

// openBlobs returns the object store of the environment, or a directory.
func (e *environment) openBlobs(ctx context.Context) (blob.Store, error) {
	s := e.cfg.S3
	if s.Endpoint == "" {
		return blob.NewDir(filepath.Join(e.cfg.DataDir, "objects"))
	}
	store, err := blob.NewS3(blob.S3Options{Endpoint: s.Endpoint, Region: s.Region, Bucket: s.Bucket, AccessKey: s.AccessKey, SecretKey: s.SecretKey})
	if err != nil {
		return nil, err
	}
	return store, store.EnsureBucket(ctx)
}

// openSMTP returns the mail server of the environment, or nil without one.
func (e *environment) openSMTP() (*mail.SMTP, error) {
	if e.cfg.SMTPURL == "" {
		return nil, nil
	}
	smtp, err := mail.NewSMTP(e.cfg.SMTPURL, e.cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("PAYAID_SMTP_URL: %w", err)
	}
	return smtp, nil
}

// provider returns the OpenID Provider of the environment, or nil without one. It
// is not asked anything yet.
func (e *environment) provider() *oidc.Provider {
	c := &e.cfg
	if !c.OIDC.IsSet() {
		return nil
	}
	return oidc.New(oidc.Options{
		Issuer: c.OIDC.Issuer, ClientID: c.OIDC.ClientID, ClientSecret: c.OIDC.ClientSecret, Name: c.OIDC.Name,
		RedirectURL: strings.TrimSuffix(c.BaseURL, "/") + "/login/oidc/callback",
	})
}

// logger writes JSON in production and lines for people otherwise.
func (e *environment) logger() *slog.Logger {
	o := &slog.HandlerOptions{Level: e.cfg.LogLevel}
	if e.cfg.IsProduction() {
		return slog.New(slog.NewJSONHandler(e.err, o))
	}
	return slog.New(slog.NewTextHandler(e.err, o))
}

// quietLogger is for verbs that answer on the terminal: warnings only.
func (e *environment) quietLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// openDatabase opens the pool and refuses a schema that this program does not
// know.
func openDatabase(ctx context.Context, s *servers, live *db.Generation) (*db.DB, error) {
	d, err := db.Open(ctx, s.databaseURL, db.Options{Generation: live})
	if err != nil {
		return nil, fmt.Errorf("the database does not answer: %w", err)
	}
	if err := d.CheckSchema(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}
