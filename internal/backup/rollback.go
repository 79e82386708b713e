package backup

import (
	"context"
	"fmt"
	"time"
)

// Rollback makes the database from before the newest restore live again. What was
// written since the restore is kept beside it for RollbackTime. ErrNotFound tells
// that there is no such database, or none any more.
func (s *Service) Rollback(ctx context.Context) (Restored, error) {
	j, err := s.begin(ctx, "rollback", "")
	if err != nil {
		return Restored{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	r := &restoring{s: s, job: j, back: true}
	err = ended(ctx, r.rollBack(ctx))
	j.end(ctx, r.Backup, err)
	return r.Restored, err
}

func (r *restoring) rollBack(ctx context.Context) error {
	newest, err := readRestores(ctx, r.job.conn, "SELECT "+restoreColumns+" FROM restore WHERE state IN ('DONE', 'ROLLED_BACK') ORDER BY id DESC LIMIT 1")
	if err != nil {
		return err
	}
	if len(newest) == 0 || newest[0].State != StateDone || newest[0].RollbackUntil == nil || newest[0].RollbackUntil.Before(r.s.now()) {
		return fmt.Errorf("%w: there is no restore to roll back, or it was longer ago than %d days", ErrNotFound, int(RollbackTime.Hours()/24))
	}
	r.Restored = newest[0]
	if err := r.open(ctx); err != nil {
		return err
	}
	defer func() { _ = r.sc.admin.Close(ctx) }()
	if r.sc.owner, err = withDatabase(r.s.o.OwnerURL, r.Previous); err != nil {
		return err
	}
	if err := r.job.say(ctx, "bringing back the database from before the restore of %s", r.StartedAt.Format(time.RFC3339)); err != nil {
		return err
	}
	if err := r.exchangeFenced(ctx, r.carryBack(), swap{live: r.live, in: r.Previous, out: r.Copy, state: StateUndone, until: r.s.now().Add(RollbackTime)}); err != nil {
		return fmt.Errorf("roll back: %w; the live database is as it was", err)
	}
	now := r.s.now()
	r.FinishedAt, r.Times[StateUndone] = &now, now
	if err := r.save(ctx); err != nil {
		r.s.o.Log.WarnContext(ctx, "a restore was rolled back, but that was not written down", "restore", r.ID, "err", err)
		return nil
	}
	return r.job.say(ctx, "the database from before the restore is live; writes waited for %s; what was written since is kept in %s until %s",
		r.Report.Outage.Round(time.Millisecond), r.Copy, r.RollbackUntil.Format(time.RFC3339))
}

// carryBack takes over what changed since the restore.
func (r *restoring) carryBack() *carrier {
	return &carrier{fromURL: r.s.o.OwnerURL, toURL: r.sc.owner, since: r.Times[StateFence], event: "backup.rollback", entity: r.Backup, counts: map[string]int64{}}
}
