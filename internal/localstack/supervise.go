package localstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const (
	superviseEvery = 500 * time.Millisecond
	maxBackoff     = 30 * time.Second
)

// Alive asks both servers over real connections.
func (s *Stack) Alive(ctx context.Context) error {
	if _, err := s.pg.connect(ctx); err != nil {
		return err
	}
	_, err := s.redis.at.ping(ctx)
	return err
}

// Supervise brings back a server that died, until ctx ends. A process that
// serves runs it in a goroutine; several may do so at once.
func (s *Stack) Supervise(ctx context.Context) {
	wait := superviseEvery
	for sleep(ctx, wait) == nil {
		err := s.repair(ctx)
		switch {
		case err == nil:
			wait = superviseEvery
		case ctx.Err() == nil:
			wait = min(2*wait, maxBackoff)
			s.log.Error("the embedded servers could not be restarted", "error", err, "again_in", wait.String())
		}
	}
}

// repair restarts what is dead, unless Stop ended it.
func (s *Stack) repair(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.sound(ctx) {
		return nil
	}
	transition, err := s.home.lockTransition(ctx, s.log)
	if err != nil {
		return err
	}
	defer transition.release()
	_, err = os.Stat(s.home.path(stoppedFile))
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s.home.explain(err)
	}
	if postmaster(s.pg.dir) == 0 {
		if err := s.restart(ctx, "PostgreSQL", s.pg.ensure); err != nil {
			return err
		}
	}
	if !s.redis.alive(ctx) {
		return s.restart(ctx, "Redis", s.redis.ensure)
	}
	return nil
}

func (s *Stack) sound(ctx context.Context) bool {
	return postmaster(s.pg.dir) != 0 && s.redis.alive(ctx)
}

func (s *Stack) restart(ctx context.Context, name string, ensure func(context.Context) error) error {
	s.log.Warn("an embedded server has died and is being restarted", "server", name)
	begun := time.Now()
	if err := ensure(ctx); err != nil {
		return fmt.Errorf("restart %s: %w", name, err)
	}
	s.log.Info("an embedded server is back", "server", name, "after", time.Since(begun).String())
	return nil
}
