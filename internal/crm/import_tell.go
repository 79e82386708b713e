package crm

import (
	"context"
	"fmt"

	"payaid/db"
	"payaid/internal/change"
	"payaid/internal/notify"
)

// NotifyImport is the kind of the notification about the end of an import.
const NotifyImport = "import.finished"

// tellEnd notifies whoever started the import of its end, once however often the
// job is tried: the notification has the import's id. problem is "" for a good end.
func (r *importRun) tellEnd(ctx context.Context, args ImportArgs, problem string) error {
	if args.ActorKind != change.ActorUser {
		return nil
	}
	q := r.s.db.Tenant(args.TenantID)
	row, err := q.GetImport(ctx, db.GetImportParams{TenantID: args.TenantID, ID: args.ImportID})
	if err != nil {
		return fmt.Errorf("get import %s: %w", args.ImportID, err)
	}
	return notify.Tell(ctx, q, notify.Person{Tenant: args.TenantID, User: args.ActorID}, r.s.now(), notify.Message{
		ID: args.ImportID, Kind: NotifyImport, Title: endOfImport(row, problem), Link: "/imports/" + args.ImportID.String(),
	})
}

// endOfImport says in one sentence how an import ended.
func endOfImport(row db.GetImportRow, problem string) string {
	counts := fmt.Sprintf("%d added, %d updated, %d skipped, %d not taken", row.Created, row.Updated, row.Skipped, row.Failed)
	switch {
	case problem != "":
		return "Your import of " + row.FileName + " stopped: " + problem
	case row.DryRun:
		return "The trial of " + row.FileName + " is finished: " + counts + "."
	}
	return "Your import of " + row.FileName + " is finished: " + counts + "."
}
