package backup

import (
	"context"
	"errors"
	"time"
)

// replace holds writes, carries over what must never go backwards and swaps.
func (r *restoring) replace(ctx context.Context) error {
	if err := sameSettings(ctx, r.sc, r.live); err != nil {
		return err
	}
	c := &carrier{
		fromURL: r.s.o.OwnerURL, toURL: r.sc.owner, since: r.b.Snapshot.At,
		event: "backup.restore", entity: r.Backup, counts: map[string]int64{}, broken: r.unsafe,
	}
	return r.exchangeFenced(ctx, c, swap{live: r.live, in: r.Copy, out: r.Previous, state: StateSwitch, until: r.s.now().Add(RollbackTime)})
}

// exchangeFenced carries most of what changed while writes go on, then holds them
// for the rest and the swap.
func (r *restoring) exchangeFenced(ctx context.Context, c *carrier, x swap) error {
	f, err := r.s.expectFence(ctx, r.ID)
	if err != nil {
		return err
	}
	defer f.lower(ctx)
	if err := r.awaitFree(ctx, x.live); err != nil {
		return err
	}
	if err := c.first(ctx); err != nil {
		return err
	}
	fenced, err := f.raise(ctx)
	if err != nil {
		return err
	}
	if err := r.exchange(fenced, c, x); err != nil {
		if cause := context.Cause(fenced); cause != nil && ctx.Err() == nil {
			err = errors.Join(cause, err)
		}
		return err
	}
	r.Report.Outage = time.Since(f.raised)
	r.Report.Carried = c.counts
	r.Report.Warnings = append(r.Report.Warnings, c.warnings...)
	r.State, r.RollbackUntil = x.state, &x.until
	return nil
}

// finish tells how it went. The restored database is live already: what fails here
// is made up for by the next backup job.
func (r *restoring) finish(ctx context.Context) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	r.Report.Tables = r.differences(ctx)
	now := r.s.now()
	r.FinishedAt = &now
	err := r.enter(ctx, StateSwitch)
	if err == nil {
		r.State, r.Times[StateDone] = StateDone, now
		err = r.save(ctx)
	}
	if err == nil {
		err = r.job.say(ctx, "the backup of %s is live; writes waited for %s; until %s `payaid backup rollback` brings back what was live before",
			r.b.StartedAt.Format(time.RFC3339), r.Report.Outage.Round(time.Millisecond), r.RollbackUntil.Format(time.RFC3339))
	}
	if err != nil {
		r.s.o.Log.WarnContext(ctx, "a backup was restored, but that was not written down", "restore", r.ID, "err", err)
	}
	return nil
}

// differences compares how many rows each table had in the safety backup with the
// backup that was restored.
func (r *restoring) differences(ctx context.Context) map[string]Rows {
	if r.unsafe {
		return nil // there is nothing to compare with
	}
	safety, err := r.s.Get(ctx, r.Safety)
	if err != nil {
		r.Report.Warnings = append(r.Report.Warnings, "the tables were not compared: "+err.Error())
		return nil
	}
	out := map[string]Rows{}
	for name, before := range safety.Tables {
		if after := r.b.Tables[name]; after != before {
			out[name] = Rows{Before: before.Rows, After: after.Rows}
		}
	}
	for name, after := range r.b.Tables {
		if _, ok := safety.Tables[name]; !ok {
			out[name] = Rows{After: after.Rows}
		}
	}
	return out
}
