package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// request makes the n-th request of a load.
type request func(n int64, r *fasthttp.Request)

// load is what a server answered for a while.
type load struct {
	requests int64
	perSec   float64
	p50, p99 time.Duration
	cpu      costs // per request
}

// costs are processor times: of the program, of PostgreSQL and of Redis.
type costs struct{ program, postgres, redis time.Duration }

func (c costs) sum() time.Duration { return c.program + c.postgres + c.redis }

func (c costs) minus(o costs) costs {
	return costs{c.program - o.program, c.postgres - o.postgres, c.redis - o.redis}
}

func (c costs) per(n int64) costs {
	d := time.Duration(max(n, 1))
	return costs{c.program / d, c.postgres / d, c.redis / d}
}

// meter reads the processor times of what a program runs on.
type meter struct{ postgres, redis int }

func (m meter) read(program int) (c costs, err error) {
	if c.program, err = cpuOf(program); err != nil {
		return c, err
	}
	if c.postgres, err = cpuOfAll(m.postgres); err != nil {
		return c, err
	}
	c.redis, err = cpuOf(m.redis)
	return c, err
}

// drive sends requests over that many kept connections for a while. Any answer but
// 200 and 201 is an error: a refused request costs less.
func drive(ctx context.Context, m meter, p *process, conns int, long time.Duration, next request) (load, error) {
	client := &fasthttp.HostClient{Addr: p.base[len("http://"):], MaxConns: conns, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, MaxIdleConnDuration: time.Minute}
	defer client.CloseIdleConnections()
	before, err := m.read(p.pid())
	if err != nil {
		return load{}, err
	}
	var (
		n      atomic.Int64
		all    = make([][]time.Duration, conns)
		failed atomic.Pointer[error]
		wg     sync.WaitGroup
		began  = time.Now()
	)
	for i := range conns {
		wg.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			for time.Since(began) < long && failed.Load() == nil && ctx.Err() == nil {
				req.Reset()
				next(n.Add(1), req)
				req.SetHost(client.Addr)
				at := time.Now()
				err := client.Do(req, res)
				if code := res.StatusCode(); err == nil && code != fasthttp.StatusOK && code != fasthttp.StatusCreated {
					err = fmt.Errorf("%s answered %d: %.300s", req.URI().Path(), code, res.Body())
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				all[i] = append(all[i], time.Since(at))
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	if err := failed.Load(); err != nil {
		return load{}, *err
	}
	after, err := m.read(p.pid())
	if err != nil {
		return load{}, err
	}
	times := slices.Concat(all...)
	slices.Sort(times)
	count := int64(len(times))
	if count == 0 {
		return load{}, ctx.Err()
	}
	return load{
		requests: count, perSec: float64(count) / took.Seconds(), p50: times[count/2], p99: times[count*99/100], cpu: after.minus(before).per(count),
	}, nil
}
