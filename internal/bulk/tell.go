package bulk

import (
	"context"
	"fmt"

	"payaid/internal/change"
	"payaid/internal/notify"
)

// NotifyFinished is the kind of the notification about the end of a run.
const NotifyFinished = "bulk.finished"

// tell notifies whoever started a run that they did not wait for of its end, once
// however often the job is tried: the notification has the run's id. problem is ""
// for a good end.
func (w *worker) tell(ctx context.Context, problem string) error {
	if w.args.ActorKind != change.ActorUser || w.row.Total <= AtOnce && problem == "" {
		return nil
	}
	title := Summary(w.row.Entity, Counts{Total: w.row.Total, Done: w.row.Done, Failed: w.row.Failed, Skipped: w.row.Skipped}, w.row.Undoes != nil)
	if problem != "" {
		title = problem
	}
	to := notify.Person{Tenant: w.args.TenantID, User: w.args.ActorID}
	return notify.Tell(ctx, w.s.db.Tenant(w.args.TenantID), to, w.s.now(), notify.Message{
		ID: w.args.RunID, Kind: NotifyFinished, Title: title, Link: "/bulk/" + w.args.RunID.String(),
	})
}

// Summary says in one sentence what became of the records; entity is their name in
// the plural.
func Summary(entity string, c Counts, undo bool) string {
	verb := "changed"
	if undo {
		verb = "put back"
	}
	s := fmt.Sprintf("%d of %d %s %s", c.Done, c.Total, entity, verb)
	if c.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	if c.Failed > 0 {
		s += fmt.Sprintf(", %d failed", c.Failed)
	}
	return s + "."
}
