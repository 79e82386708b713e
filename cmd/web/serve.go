package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// drainTime is how long a replica still answers after it said that it stops,
	// so that a proxy has no connection left that could be cut. It is longer than
	// nginx keeps idle ones open.
	drainTime = 3 * time.Second
	// stopTimeout bounds the end of requests and jobs under way.
	stopTimeout = 20 * time.Second
)

type serveCmd struct{}

// Run serves until a signal, then drains and stops.
func (serveCmd) Run(ctx context.Context, e *environment) error {
	log := e.logger()
	listener, err := listen(ctx, e.cfg.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	a, err := e.newApp(ctx, log, !e.cfg.IsProduction())
	if err != nil {
		return err
	}
	closing := make(chan struct{})
	web, err := a.web(closing)
	if err != nil {
		return errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	if e.cfg.Demo {
		if err := a.ensureDemo(ctx); err != nil {
			return errors.Join(fmt.Errorf("make the demo business: %w", err), a.close(context.WithoutCancel(ctx)))
		}
	}
	stopPrivate, err := a.servePrivately(ctx)
	if err != nil {
		return errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	defer stopPrivate()
	a.cache.Start(ctx)
	if err := a.jobs.Start(ctx); err != nil {
		return errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	a.startBackups(ctx)
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	if a.servers.stack != nil {
		go a.servers.stack.Supervise(background)
	}
	a.warnOfDeadSessions(ctx)
	e.announce(a, log)
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()

	select {
	case err = <-served:
	case <-ctx.Done():
		secondSignalKills()
		log.InfoContext(background, "stopping: finishing what is under way")
		close(closing)
		if e.cfg.IsProduction() {
			time.Sleep(drainTime)
		}
		err = web.Shutdown(stopTimeout)
	}
	stop, cancel := context.WithTimeout(background, stopTimeout)
	defer cancel()
	stopBackground()
	return errors.Join(err, a.close(stop))
}

// secondSignalKills lets an impatient second Ctrl-C end the process at once.
func secondSignalKills() { signal.Reset(os.Interrupt, syscall.SIGTERM) }

// listen takes the address before anything else is started, so that a port in use
// costs nothing and says whose it is.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	_, port, _ := net.SplitHostPort(addr)
	who := "another program"
	if holder := portHolder(port); holder != "" {
		who = holder
	}
	return nil, fmt.Errorf("%s already listens on %s: stop it, or choose another address with PAYAID_ADDR", who, addr)
}

// announce says where to go and what this runs on.
func (e *environment) announce(a *app, log *slog.Logger) {
	for _, name := range e.unused {
		log.Warn("variable is set but this version does not use it yet", "name", name)
	}
	if !e.cfg.SecureCookies() {
		log.Warn("sign-in over plain http to another machine: anybody on the way can read it; use https", "address", e.cfg.BaseURL)
	}
	if e.cfg.IsProduction() && a.mail.Keeps() {
		log.Warn("there is no mail server: mails stay at /admin/mail and reach nobody; set PAYAID_SMTP_URL")
	}
	if a.servers.stack != nil {
		fmt.Fprintln(e.out, a.servers.stack.Summary())
	}
	fmt.Fprintf(e.out, "PayAid is ready at %s\n", e.cfg.BaseURL)
	if e.cfg.Demo {
		fmt.Fprintf(e.out, "Sign in as owner@demo.test, manager@demo.test or member@demo.test with the password %s\n", demoPassword)
	}
}

// warnOfDeadSessions says at start what people would otherwise find out one by
// one. It is no reason to refuse: reading with an API key goes on without Redis.
func (a *app) warnOfDeadSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := a.redis.Ping(ctx).Err(); err != nil {
		a.log.ErrorContext(ctx, "Redis does not answer: nobody can sign in until it does; start it or correct PAYAID_REDIS_SESSION_URL", "err", err)
	}
}

type workerCmd struct{}

// Run works background jobs until a signal.
func (workerCmd) Run(ctx context.Context, e *environment) error {
	log := e.logger()
	a, err := e.newApp(ctx, log, true)
	if err != nil {
		return err
	}
	stopPrivate, err := a.servePrivately(ctx)
	if err != nil {
		return errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	defer stopPrivate()
	a.cache.Start(ctx)
	if err := a.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	a.startBackups(ctx)
	log.InfoContext(ctx, "working background jobs")
	<-ctx.Done()
	secondSignalKills()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.close(stop)
}
