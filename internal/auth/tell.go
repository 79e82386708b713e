package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/change"
	"payaid/internal/notify"
)

// NotifyMembership is the kind of the notification about one's role or team.
const NotifyMembership = "member.changed"

// tellChanges notifies somebody of the role or the team that an administrator gave
// them, in the write that does it.
func tellChanges(ctx context.Context, tx *change.Tx, p Principal, before, after Person) error {
	if after.ID == p.UserID {
		return nil
	}
	to := notify.Person{Tenant: p.TenantID, User: after.ID}
	if after.Role != before.Role {
		m := notify.Message{Kind: NotifyMembership, Title: fmt.Sprintf("%s changed your role in %s to %s.", p.Name, p.TenantName, after.Role.Label())}
		if err := notify.Tell(ctx, tx.Q, to, tx.Now, m); err != nil {
			return err
		}
	}
	if team(after.TeamID) == team(before.TeamID) {
		return nil
	}
	title := fmt.Sprintf("%s added you to the team %s.", p.Name, after.Team)
	if after.TeamID == nil {
		title = fmt.Sprintf("%s took you out of the team %s.", p.Name, before.Team)
	}
	return notify.Tell(ctx, tx.Q, to, tx.Now, notify.Message{Kind: NotifyMembership, Title: title})
}

func team(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
