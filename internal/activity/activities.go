package activity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/crm"
)

const entity = "activity"

func errNone() error {
	return apperr.New(apperr.NotFound, "This activity does not exist, or you may not see it.")
}

// Activity returns one that is not in the trash, with its comments. One of a record
// that the principal does not see is NotFound.
func (s *Service) Activity(ctx context.Context, p auth.Principal, id uuid.UUID) (Activity, error) {
	if err := p.Require(auth.ActivitiesRead); err != nil {
		return Activity{}, err
	}
	a, err := read(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return Activity{}, err
	}
	if a.DeletedAt != nil {
		return Activity{}, errNone()
	}
	list := []Activity{a}
	err = s.addComments(ctx, p, list)
	return list[0], err
}

// MayChange reports whether the principal may change the activity: authors their
// own, managers those of their team, administrators every one.
func MayChange(p auth.Principal, a Activity) bool {
	return p.Can(auth.ActivitiesWrite) && p.MayChange(auth.Activities, a.AuthorID, a.AuthorTeamID)
}

// Log adds an activity to the timeline of a record that the principal sees. Whoever
// is mentioned in it is told.
func (s *Service) Log(ctx context.Context, p auth.Principal, in Input) (Activity, error) {
	if err := p.Require(auth.ActivitiesWrite); err != nil {
		return Activity{}, err
	}
	input := in // under an idempotency key the time of the first try stays
	in.normalize(s.now())
	if err := in.validate(s.now()); err != nil {
		return Activity{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "activity.create", input, func(ctx context.Context, tx *change.Tx) (Activity, error) {
		if err := checkLinks(ctx, tx.Q, p, &in); err != nil {
			return Activity{}, err
		}
		id := uuid.Must(uuid.NewV7())
		if err := save(ctx, tx, p, id, in); err != nil {
			return Activity{}, err
		}
		a, err := record(ctx, tx, p, id, "activity.create", nil)
		if err != nil {
			return Activity{}, err
		}
		return a, s.tellMentioned(ctx, tx, p, a, a.Body, "")
	})
}

// Update changes an activity. version is what the caller last saw, nil to overwrite;
// an older one is a Conflict that carries the current version.
func (s *Service) Update(ctx context.Context, p auth.Principal, id uuid.UUID, patch Patch, version *int64) (Activity, error) {
	if err := p.Require(auth.ActivitiesWrite); err != nil {
		return Activity{}, err
	}
	input := struct {
		ID      uuid.UUID
		Patch   Patch
		Version *int64
	}{id, patch, version}
	return change.Do(ctx, s.write, p.Actor(), "activity.update", input, func(ctx context.Context, tx *change.Tx) (Activity, error) {
		before, err := lock(ctx, tx, p, id, version)
		if err != nil {
			return Activity{}, err
		}
		if before.DeletedAt != nil {
			return Activity{}, errNone()
		}
		in := patch.apply(before)
		in.normalize(tx.Now)
		if err := in.validate(tx.Now); err != nil {
			return Activity{}, err
		}
		if err := save(ctx, tx, p, id, in); err != nil {
			return Activity{}, err
		}
		a, err := record(ctx, tx, p, id, "activity.update", &before)
		if err != nil {
			return Activity{}, err
		}
		return a, s.tellMentioned(ctx, tx, p, a, a.Body, before.Body)
	})
}

// Delete moves an activity to the trash: it disappears from every timeline.
func (s *Service) Delete(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Activity, error) {
	return s.setDeleted(ctx, p, id, version, true)
}

// Restore takes an activity out of the trash.
func (s *Service) Restore(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Activity, error) {
	return s.setDeleted(ctx, p, id, version, false)
}

func (s *Service) setDeleted(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, deleted bool) (Activity, error) {
	if err := p.Require(auth.ActivitiesDelete); err != nil {
		return Activity{}, err
	}
	action := "activity.restore"
	if deleted {
		action = "activity.delete"
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), action, input, func(ctx context.Context, tx *change.Tx) (Activity, error) {
		before, err := lock(ctx, tx, p, id, version)
		if err != nil {
			return Activity{}, err
		}
		if deleted == (before.DeletedAt != nil) {
			return before, nil // already so: doing it again changes nothing
		}
		params := db.SetActivityDeletedParams{TenantID: p.TenantID, ID: id, Now: tx.Now}
		if deleted {
			params.DeletedAt = &tx.Now
		}
		if err := tx.Q.SetActivityDeleted(ctx, params); err != nil {
			return Activity{}, fmt.Errorf("%s: %w", action, err)
		}
		return record(ctx, tx, p, id, action, &before)
	})
}

// read returns an activity of a record that the principal sees, in the trash or not.
func read(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (Activity, error) {
	row, err := q.GetActivity(ctx, db.GetActivityParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Activity{}, errNone()
	}
	if err != nil {
		return Activity{}, fmt.Errorf("get activity %s: %w", id, err)
	}
	_, err = see(ctx, q, p, row.ContactID, row.CompanyID)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.NoPermission) {
		return Activity{}, errNone()
	}
	if err != nil {
		return Activity{}, err
	}
	return fromRow(row)
}

// lock holds the activity for the rest of the transaction and returns it as it is,
// provided that the principal may change it and saw this version.
func lock(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Activity, error) {
	_, err := tx.Q.LockActivity(ctx, db.LockActivityParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Activity{}, errNone()
	}
	if err != nil {
		return Activity{}, fmt.Errorf("lock activity %s: %w", id, err)
	}
	a, err := read(ctx, tx.Q, p, id)
	if err != nil {
		return Activity{}, err
	}
	if !p.MayChange(auth.Activities, a.AuthorID, a.AuthorTeamID) {
		return Activity{}, apperr.New(apperr.NoPermission, "You may see this activity but not change it: %s wrote it.", a.Author)
	}
	if version != nil && *version != a.Version {
		e := apperr.New(apperr.Conflict, "Somebody changed this activity after you opened it. Look at the current values and try again.")
		e.Version = a.Version
		return Activity{}, e
	}
	return a, nil
}

func save(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in Input) error {
	params := db.SaveActivityParams{
		TenantID: p.TenantID, ID: id, Type: in.Type, Subject: in.Subject, Body: in.Body, Outcome: in.Outcome, OccurredAt: *in.OccurredAt,
		ContactID: in.ContactID, CompanyID: in.CompanyID, AuthorID: p.User(), AuthorName: p.Name, Now: tx.Now,
	}
	if in.Duration != nil {
		n := int32(*in.Duration) // bounded by validate
		params.DurationMinutes = &n
	}
	if err := tx.Q.SaveActivity(ctx, params); err != nil {
		return fmt.Errorf("save the activity: %w", err)
	}
	return nil
}

// record reads the activity as it is now, keeps when its contact was last contacted
// and writes the audit entry.
func record(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before *Activity) (Activity, error) {
	row, err := tx.Q.GetActivity(ctx, db.GetActivityParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Activity{}, fmt.Errorf("read the activity back: %w", err)
	}
	a, err := fromRow(row)
	if err != nil {
		return Activity{}, err
	}
	if a.ContactID != nil && (a.contacts() || before != nil && before.contacts()) {
		if err := keepLastContacted(ctx, tx, p.TenantID, *a.ContactID); err != nil {
			return Activity{}, err
		}
	}
	e := change.Event{Action: action, Entity: entity, EntityID: id, After: a}
	if before != nil {
		e.Before = *before
	}
	return a, tx.Record(ctx, e)
}

// keepLastContacted has crm write down when the contact was last contacted.
func keepLastContacted(ctx context.Context, tx *change.Tx, tenant, contact uuid.UUID) error {
	return crm.KeepLastContacted(ctx, tx, tenant, contact, func(ctx context.Context) (*time.Time, error) {
		at, err := tx.Q.LastContact(ctx, db.LastContactParams{TenantID: tenant, ContactID: contact})
		if db.IsNoRows(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("look for the last contact: %w", err)
		}
		return &at, nil
	})
}
