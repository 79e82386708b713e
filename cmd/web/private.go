package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// servePrivately answers on the private port, for those who look after the machines:
// /metrics, which a worker has nowhere else, and /debug/pprof. Without an address
// nothing listens. The returned function ends it.
func (a *app) servePrivately(ctx context.Context) (stop func(), err error) {
	addr := a.cfg.cfg.PrivateAddr
	if addr == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("PAYAID_PRIVATE_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.ErrorContext(ctx, "the private port ended", "err", err)
		}
	}()
	a.log.InfoContext(ctx, "figures and profiles", "address", listener.Addr().String())
	return func() { _ = server.Close() }, nil
}
