package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"payaid/handlers/api"
	"payaid/internal/kv"
	"payaid/internal/localstack"
)

type healthcheckCmd struct{}

// Run asks the application on this machine whether it may take traffic.
func (healthcheckCmd) Run(ctx context.Context, e *environment) error {
	host, port, err := net.SplitHostPort(e.cfg.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("PayAid does not answer on %s: %w", e.cfg.Addr, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("PayAid on %s is not ready (%s)", e.cfg.Addr, res.Status)
	}
	fmt.Fprintln(e.out, "ready")
	return nil
}

type stopCmd struct{}

// Run stops the embedded servers, whoever uses them.
func (stopCmd) Run(ctx context.Context, e *environment) error {
	err := localstack.Stop(ctx, e.cfg.DataDir)
	if errors.Is(err, localstack.ErrNotRunning) {
		fmt.Fprintln(e.out, "nothing was running in", e.cfg.DataDir)
		return nil
	}
	if err == nil {
		fmt.Fprintln(e.out, "stopped the servers of", e.cfg.DataDir)
	}
	return err
}

type doctorCmd struct {
	JSON             bool `help:"Answer as JSON."`
	PrintDatabaseURL bool `help:"Print the database URL alone."`
}

// finding is one thing that doctor looked at.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Says  string `json:"says"`
}

// Run looks at each server in turn and says what it found.
func (c doctorCmd) Run(ctx context.Context, e *environment) error {
	s, err := e.findServers(ctx, e.quietLogger())
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	if c.PrintDatabaseURL {
		_, err := fmt.Fprintln(e.out, s.databaseURL)
		return err
	}
	found := e.examine(ctx, s)
	sick := 0
	for _, f := range found {
		if !f.OK {
			sick++
		}
	}
	if err := c.print(e, found); err != nil {
		return err
	}
	if sick > 0 {
		return fmt.Errorf("%d of %d checks failed", sick, len(found))
	}
	return nil
}

func (c doctorCmd) print(e *environment, found []finding) error {
	if c.JSON {
		enc := json.NewEncoder(e.out)
		enc.SetIndent("", "  ")
		return enc.Encode(found)
	}
	for _, f := range found {
		mark := "ok    "
		if !f.OK {
			mark = "WRONG "
		}
		fmt.Fprintf(e.out, "%s%-10s %s\n", mark, f.Check, f.Says)
	}
	return nil
}

func (e *environment) examine(ctx context.Context, s *servers) []finding {
	return []finding{
		look("database", func() (string, error) {
			d, err := openDatabase(ctx, s)
			if err != nil {
				return "", err
			}
			defer d.Close()
			v, err := d.ServerVersion(ctx)
			return "PostgreSQL " + v + ", schema up to date", err
		}),
		look("sessions", func() (string, error) {
			client, err := kv.Open(s.sessionURL)
			if err != nil {
				return "", err
			}
			defer func() { _ = client.Close() }()
			return "Redis answers", client.Ping(ctx).Err()
		}),
		look("objects", func() (string, error) {
			store, err := e.openBlobs(ctx)
			if err != nil {
				return "", err
			}
			return "the object store takes files", store.Check(ctx)
		}),
	}
}

func look(check string, ask func() (string, error)) finding {
	says, err := ask()
	if err != nil {
		return finding{Check: check, Says: err.Error()}
	}
	return finding{Check: check, OK: true, Says: says}
}

type openapiCmd struct{}

// Run prints the document that the API serves at /api/openapi.json.
func (openapiCmd) Run(e *environment) error {
	doc, err := api.Document()
	if err != nil {
		return err
	}
	_, err = e.out.Write(doc)
	return err
}
