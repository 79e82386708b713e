// Package kv opens a connection pool to Redis or Valkey from one URL: a single server, a Unix socket, Sentinel or Cluster.
// It knows nothing of what is kept there; sessions, limits and the cache decide that for themselves.
package kv

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Limits of every connection. Callers that must answer sooner give their context a deadline, which is honoured.
const (
	dialTimeout = 500 * time.Millisecond
	ioTimeout   = time.Second
	poolTimeout = 500 * time.Millisecond
	poolSize    = 32
	noRetries   = -1
	// bufferSize is that of each buffer of a connection. What is sent and read is small, or read at once; the default is
	// 32 KiB, and 128 KiB for connections of pipelines, of which a busy replica would hold ten MiB.
	bufferSize = 8 << 10
)

// Option adds to what Open sets.
type Option func(*redis.UniversalOptions)

// OnConnect has each new connection checked before its first use; an error closes it.
func OnConnect(check func(ctx context.Context, conn *redis.Conn) error) Option {
	return func(o *redis.UniversalOptions) { o.OnConnect = check }
}

// Open returns a client for rawURL, with at most 32 connections for each server and no retries: a command that failed may
// have been executed, so only its caller can know whether to send it again. The understood forms are
//
//	redis://[user:password@]host[:6379][/db]             one server
//	unix://[user:password@]/path/to/socket[?db=N]        one server on this machine
//	redis+sentinel://host1,host2[:26379][/db]?master=N   Sentinel, also with sentinel_username= and sentinel_password=
//	redis+cluster://host1,host2[:6379]                   Cluster
//
// and rediss for redis asks for TLS. Nothing is dialled before the first command. The error for a wrong URL says what is
// wrong without showing any part of the URL, because it may hold a password.
func Open(rawURL string, options ...Option) (redis.UniversalClient, error) {
	opt, err := parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("redis URL: %w", err)
	}
	opt.DialTimeout = dialTimeout
	opt.DialerRetries = 1
	opt.ReadTimeout = ioTimeout
	opt.WriteTimeout = ioTimeout
	opt.ContextTimeoutEnabled = true
	opt.MaxRetries = noRetries
	opt.PoolSize = poolSize
	opt.MaxActiveConns = poolSize
	opt.PoolTimeout = poolTimeout
	opt.ReadBufferSize, opt.WriteBufferSize = bufferSize, bufferSize
	opt.PipelineReadBufferSize, opt.PipelineWriteBufferSize = bufferSize, bufferSize
	// Both send commands that servers before Redis 7.2 and Valkey answer with an error for each connection.
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	for _, set := range options {
		set(opt)
	}
	return redis.NewUniversalClient(opt), nil
}
