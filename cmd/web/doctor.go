package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"payaid/internal/backup"
	"payaid/internal/doctor"
)

type doctorCmd struct {
	JSON             bool `help:"Answer as JSON."`
	Inside           bool `help:"Ask nobody outside: not the address, the mail server nor the sign-in provider."`
	PrintDatabaseURL bool `help:"Print the database URL alone."`
}

// Run looks at the whole installation and says what it found. Warnings are no
// failure.
func (c doctorCmd) Run(ctx context.Context, e *environment) error {
	s, err := e.findServers(ctx, e.quietLogger())
	if err != nil && c.PrintDatabaseURL {
		return err
	}
	var found []doctor.Finding
	if err != nil {
		found = append(found, doctor.Finding{Check: "embedded servers", Status: doctor.Wrong, Says: "do not start: " + err.Error(), Do: "See the log files in " + e.cfg.DataDir + "."})
		s = &servers{databaseURL: e.cfg.DatabaseURL, sessionURL: e.cfg.RedisSessionURL, cacheURL: e.cfg.RedisCacheURL, secretKey: e.cfg.SecretKey}
	}
	defer func() { _ = s.close() }()
	if c.PrintDatabaseURL {
		_, err := fmt.Fprintln(e.out, s.databaseURL)
		return err
	}
	found = append(found, doctor.Examine(ctx, c.patient(e, s))...)
	if err := c.print(e, found); err != nil {
		return err
	}
	if n := doctor.Sick(found); n > 0 {
		return fmt.Errorf("%d of %d checks found something wrong", n, len(found))
	}
	return nil
}

func (c doctorCmd) patient(e *environment, s *servers) doctor.Patient {
	return doctor.Patient{
		DatabaseURL: s.databaseURL, SessionURL: s.sessionURL, CacheURL: s.cacheURL, SecretKey: s.secretKey,
		BaseURL: e.cfg.BaseURL, DataDir: e.cfg.DataDir, TrustedProxies: e.cfg.TrustedProxies,
		Production: e.cfg.IsProduction(), Embedded: s.stack != nil, OpenBlobs: e.openBlobs,
		OpenMail: e.openSMTP, Inside: c.Inside, Provider: e.provider(), Now: time.Now,
		NewestBackup: func(ctx context.Context) (doctor.Backup, error) { return e.newestBackup(ctx, s) },
	}
}

func (e *environment) newestBackup(ctx context.Context, s *servers) (doctor.Backup, error) {
	service, err := e.openBackup(ctx, s, nil, func(*backup.Options) {})
	if err != nil {
		return doctor.Backup{}, err
	}
	b, err := service.Newest(ctx)
	if err != nil && !errors.Is(err, backup.ErrNotFound) {
		return doctor.Backup{}, err
	}
	found := doctor.Backup{Made: b.StartedAt, Proven: b.Proven()}
	desk, err := service.OpenDesk()
	if err != nil {
		return found, err
	}
	defer desk.Close()
	h, err := desk.Health(ctx)
	if backup.NoHistory(err) { // nothing was ever made here
		return found, nil
	}
	for _, w := range h.Wrong {
		if w.Kind != backup.WrongOverdue { // its age says that already
			found.Wrong = append(found.Wrong, w.Says)
		}
	}
	return found, err
}

func (c doctorCmd) print(e *environment, found []doctor.Finding) error {
	if c.JSON {
		enc := json.NewEncoder(e.out)
		enc.SetIndent("", "  ")
		return enc.Encode(found)
	}
	for _, f := range found {
		mark := string(f.Status)
		if f.Status == doctor.Wrong {
			mark = strings.ToUpper(mark)
		}
		fmt.Fprintf(e.out, "%-6s%-18s %s\n", mark, f.Check, f.Says)
		if f.Do != "" {
			fmt.Fprintf(e.out, "%24s → %s\n", "", f.Do)
		}
	}
	return nil
}
