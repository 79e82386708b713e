package backup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// heardBy is how long after a fence was raised every process that expects it has
// seen it.
const heardBy = 2 * watchCloselyEvery

// errFenceLost ends a restore whose fence nobody may rely upon any more.
var errFenceLost = errors.New("the fence that holds writes was lost")

// fence holds writes in every process. It is a lease: when this process dies, it
// ends by itself.
type fence struct {
	conn     *pgx.Conn // of its own: it is renewed while other work waits
	restore  uuid.UUID
	lease    time.Duration
	expected time.Time // when every process was told to look closely
	raised   time.Time // the zero time before
	stop     func()
	finished sync.WaitGroup
}

// expectFence lets every process look closely from now on, so that a fence is heard
// of quickly. It must be lowered also when it is never raised.
func (s *Service) expectFence(ctx context.Context, restore uuid.UUID) (*fence, error) {
	conn, err := s.connectOps(ctx)
	if err != nil {
		return nil, err
	}
	f := &fence{conn: conn, restore: restore, lease: s.o.FenceLease, expected: time.Now(), stop: func() {}}
	if _, err := conn.Exec(ctx, "UPDATE generation SET restore_id = $1", restore); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("announce the fence: %w", err)
	}
	return f, nil
}

// raise raises the fence and returns once it is heard. The context it returns ends
// when the fence is lost.
func (f *fence) raise(ctx context.Context) (context.Context, error) {
	if err := pause(ctx, time.Until(f.expected.Add(watchEvery+heardBy))); err != nil {
		return nil, err
	}
	tag, err := f.conn.Exec(ctx, "UPDATE generation SET fenced_until = clock_timestamp() + $2 WHERE restore_id = $1", f.restore, f.lease)
	if err == nil && tag.RowsAffected() != 1 {
		err = errFenceLost
	}
	if err != nil {
		return nil, fmt.Errorf("hold writes: %w", err)
	}
	f.raised = time.Now()
	ctx, lost := context.WithCancelCause(ctx)
	renew, stop := context.WithCancel(ctx)
	f.stop = func() { stop(); f.finished.Wait(); lost(nil) }
	f.finished.Go(func() { f.renew(renew, lost) })
	return ctx, pause(ctx, heardBy)
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (f *fence) renew(ctx context.Context, lost context.CancelCauseFunc) {
	t := time.NewTicker(f.lease / 5)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		// Not ended with ctx: the connection is needed to lower the fence.
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.lease/2)
		tag, err := f.conn.Exec(once, "UPDATE generation SET fenced_until = clock_timestamp() + $2 WHERE restore_id = $1 AND fenced_until > clock_timestamp()", f.restore, f.lease)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil || tag.RowsAffected() != 1 {
			lost(errors.Join(errFenceLost, err))
			return
		}
	}
}

// lower lets writes go on. A fence that the swap has lowered already, or that
// another restore raised since, is left alone. On a broken connection it lapses.
func (f *fence) lower(ctx context.Context) {
	f.stop()
	ctx, cancel := lasting(ctx)
	defer cancel()
	_, _ = f.conn.Exec(ctx, "UPDATE generation SET fenced_until = NULL, restore_id = NULL WHERE restore_id = $1", f.restore)
	_ = f.conn.Close(ctx)
}
