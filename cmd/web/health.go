package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"payaid/handlers/api"
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
