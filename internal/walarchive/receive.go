package walarchive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Slot is the replication slot by which the server keeps what was not received yet.
	Slot = "payaid_wal"
	// finishEvery is how often the segment that is being written is finished, which is
	// what can be lost at most when the server's disk is.
	finishEvery = time.Minute
	// shipEvery is how soon a finished segment is archived.
	shipEvery = time.Second
	// receiveAgain is how long a receiver waits that cannot work.
	receiveAgain = 5 * time.Second
)

// Receive archives the log of the server until ctx ends, which is no error. finish is
// how often the segment that is being written is finished, a minute when 0. Its error
// is what must be mended first; when the server is away for a while it waits.
func (a *Archive) Receive(ctx context.Context, s Server, finish time.Duration) error {
	dir := filepath.Join(a.o.Dir, "wal-"+s.System)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("place for the write-ahead log: %w", err)
	}
	if finish == 0 {
		finish = finishEvery
	}
	if err := reserve(ctx, s, dir); err != nil {
		return err
	}
	go a.finishSegments(ctx, s, finish)
	ended := a.receiveInto(ctx, s, dir)
	for tick := time.NewTicker(shipEvery); ; {
		if err := a.Ship(ctx, s, dir); err != nil && ctx.Err() == nil {
			a.o.Log.ErrorContext(ctx, "the write-ahead log is not archived; it is tried again every second", "err", err)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			<-ended
			return nil
		case <-tick.C:
		}
	}
}

// receiveInto runs pg_receivewal until ctx ends, again and again when it dies.
func (a *Archive) receiveInto(ctx context.Context, s Server, dir string) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			err := a.receiveOnce(ctx, s, dir)
			if ctx.Err() != nil {
				return
			}
			a.o.Log.WarnContext(ctx, "the write-ahead log is not received; it is tried again in a few seconds", "err", err)
			sleep(ctx, receiveAgain)
		}
	}()
	return ended
}

func (a *Archive) receiveOnce(ctx context.Context, s Server, dir string) error {
	if err := reserve(ctx, s, dir); err != nil {
		return err
	}
	cmd, said, err := a.command(ctx, s, "pg_receivewal", true, "--directory="+dir, "--slot="+Slot, "--no-loop")
	if err != nil {
		return err
	}
	if err := cmd.Run(); err != nil {
		err = fmt.Errorf("pg_receivewal ended (%w): %s", err, said.words())
		if strings.Contains(said.String(), "has already been removed") {
			err = errors.Join(err, forgetHalf(dir))
		}
		return err
	}
	return errors.New("pg_receivewal ended")
}

// reserve makes the replication slot. One that the server gave up, because nobody read
// for too long, is made anew: the log then has a gap, behind which it goes on.
func reserve(ctx context.Context, s Server, dir string) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return fmt.Errorf("connect to the server whose log is kept: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var status string
	err = conn.QueryRow(ctx, "SELECT coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = $1", Slot).Scan(&status)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return fmt.Errorf("look at the replication slot %s: %w", Slot, err)
	case status != "lost":
		return nil
	default:
		if _, err := conn.Exec(ctx, "SELECT pg_drop_replication_slot($1)", Slot); err != nil {
			return fmt.Errorf("drop the replication slot %s, which the server gave up: %w", Slot, err)
		}
	}
	if err = forgetHalf(dir); err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true)", Slot)
	}
	if err != nil {
		return fmt.Errorf("make the replication slot %s: %w", Slot, err)
	}
	return nil
}

// Ship archives the finished segments that were received, oldest first, and removes
// them here.
func (a *Archive) Ship(ctx context.Context, s Server, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for the write-ahead log: %w", err)
	}
	var names []string
	for _, e := range entries {
		if isSegment(e.Name()) || isHistory(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := a.Push(ctx, s, path, name); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove what is archived: %w", err)
		}
	}
	return nil
}

// finishSegments has the server finish the segment it is writing, so that what it
// holds is archived. A commit stands in each, so that each tells its time.
func (a *Archive) finishSegments(ctx context.Context, s Server, every time.Duration) {
	for ctx.Err() == nil {
		err := finishSegment(ctx, s)
		if err != nil && ctx.Err() == nil {
			a.o.Log.WarnContext(ctx, "the segment of the write-ahead log that is being written was not finished", "err", err)
		}
		sleep(ctx, every)
	}
}

func finishSegment(ctx context.Context, s Server) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SELECT pg_logical_emit_message(true, 'payaid', 'alive')")
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_switch_wal()")
	}
	return errors.Join(err, conn.Close(ctx))
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// forgetHalf removes what is half received and cannot be gone on with: the server has
// the rest no more.
func forgetHalf(dir string) error {
	half, err := filepath.Glob(filepath.Join(dir, "*.partial"))
	for _, path := range half {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
