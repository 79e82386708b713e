package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// Head is what every record has, whatever else it holds.
type Head struct {
	ID        uuid.UUID
	Name      string // what lists show
	OwnerID   *uuid.UUID
	Owner     string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt *time.Time // nil unless it lies in the trash
}

// Recorded is a record of any entity.
type Recorded interface{ Head() Head }

// kind is one entity as the use cases know it that all entities share: records T,
// made from I and changed by P.
type kind[T Recorded, I, P any] struct {
	entity              string // whose view scope holds: auth.Contacts
	one                 string // in the log, in the names of actions and in sentences: "contact"
	read, write, remove auth.Right
	list                recordList[T]
	rules               rules[T, I, P]
}

// recordList is a listing.Kind, whatever its rows.
type recordList[T any] interface {
	Trash(ctx context.Context, src listing.Source, r listing.Reader, cursor string, limit int) (listing.Page[T], error)
	Neighbours(ctx context.Context, src listing.Source, r listing.Reader, q listing.Query, id uuid.UUID) (prev, next *uuid.UUID, err error)
}

// rules are what an entity has of its own.
type rules[T, I, P any] interface {
	// get reads a record, in the trash or not, with the team of its owner.
	get(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (T, *uuid.UUID, error)
	// lock holds a record until the transaction ends.
	lock(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) error
	// input is what the record is made from after the patch, normalised.
	input(patch P, record T) I
	// clean normalises an input and tells what remains wrong with it.
	clean(in *I) error
	// settle turns names into the ids that they mean, where the entity has such.
	settle(ctx context.Context, tx *change.Tx, p auth.Principal, in *I) error
	// owner points to the owner in an input.
	owner(in *I) **uuid.UUID
	// save makes the record with this id, or changes the one that was before.
	save(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, before *T, in I) error
	// setDeleted puts a record into the trash, or takes it out where at is nil.
	setDeleted(ctx context.Context, tx *change.Tx, id uuid.UUID, at *time.Time) error
	// similar finds living records that are known by what is asked, normalised.
	similar(ctx context.Context, q *db.Queries, tenant uuid.UUID, ask DuplicateQuery) ([]likeness, error)
	// known is what a record is known by.
	known(record T) DuplicateQuery
}

func (k *kind[T, I, P]) missing() error {
	return apperr.New(apperr.NotFound, "This %s does not exist, or you may not see it.", k.one)
}

func (k *kind[T, I, P]) log(tenant, id uuid.UUID) audit.Record {
	return audit.Record{Tenant: tenant, Entity: k.one, ID: id}
}

// seen returns a record that the principal may see, in the trash or not, and
// whether it may change it.
func (k *kind[T, I, P]) seen(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (record T, mayChange bool, err error) {
	var none T
	record, team, err := k.rules.get(ctx, q, p.TenantID, id)
	if db.IsNoRows(err) {
		return none, false, k.missing()
	}
	if err != nil {
		return none, false, fmt.Errorf("get %s %s: %w", k.one, id, err)
	}
	owner := record.Head().OwnerID
	if !p.Sees(k.entity, owner, team) {
		return none, false, k.missing()
	}
	return record, p.MayChange(k.entity, owner, team), nil
}

// hold locks a record for the rest of the transaction and returns it as it is, in
// the trash or not, provided that the principal may change it and saw this version;
// nil is any.
func (k *kind[T, I, P]) hold(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (T, error) {
	var none T
	err := k.rules.lock(ctx, tx.Q, p.TenantID, id)
	if db.IsNoRows(err) {
		return none, k.missing()
	}
	if err != nil {
		return none, fmt.Errorf("lock %s %s: %w", k.one, id, err)
	}
	record, mayChange, err := k.seen(ctx, tx.Q, p, id)
	if err != nil {
		return none, err
	}
	head := record.Head()
	if !mayChange {
		return none, errNotYours(k.one, head.Owner)
	}
	if version != nil && *version != head.Version {
		return none, errStale(k.one, head.Version)
	}
	return record, nil
}

// change saves a record that hold returned, with the patch.
func (k *kind[T, I, P]) change(ctx context.Context, tx *change.Tx, p auth.Principal, before T, patch P) (T, error) {
	return k.replace(ctx, tx, p, before, k.rules.input(patch, before))
}

// replace saves a record that hold returned as in says, which is normalised.
func (k *kind[T, I, P]) replace(ctx context.Context, tx *change.Tx, p auth.Principal, before T, in I) (T, error) {
	var none T
	if err := k.put(ctx, tx, p, before, in); err != nil {
		return none, err
	}
	return k.tell(ctx, tx, p, before.Head().ID, k.one+".update", before)
}

// put is replace without a word in the log.
func (k *kind[T, I, P]) put(ctx context.Context, tx *change.Tx, p auth.Principal, before T, in I) error {
	if err := k.rules.clean(&in); err != nil {
		return err
	}
	if owner := *k.rules.owner(&in); !sameID(owner, before.Head().OwnerID) {
		if err := checkOwner(ctx, tx, p, k.entity, owner); err != nil {
			return err
		}
	}
	if err := k.rules.settle(ctx, tx, p, &in); err != nil {
		return err
	}
	return k.rules.save(ctx, tx, p, before.Head().ID, &before, in)
}

// move puts a record that hold returned into the trash, or takes it out.
func (k *kind[T, I, P]) move(ctx context.Context, tx *change.Tx, p auth.Principal, before T, deleted bool) (T, error) {
	var none T
	var at *time.Time
	if deleted {
		at = &tx.Now
	}
	if err := k.rules.setDeleted(ctx, tx, before.Head().ID, at); err != nil {
		return none, fmt.Errorf("%s: %w", k.trashAction(deleted), err)
	}
	return k.tell(ctx, tx, p, before.Head().ID, k.trashAction(deleted), before)
}

func (k *kind[T, I, P]) trashAction(deleted bool) string {
	if deleted {
		return k.one + ".delete"
	}
	return k.one + ".restore"
}

// tell reads a record as it is now, writes the audit entry, which marks its tags,
// and returns it.
func (k *kind[T, I, P]) tell(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (T, error) {
	var none T
	record, _, err := k.rules.get(ctx, tx.Q, p.TenantID, id)
	if err != nil {
		return none, fmt.Errorf("read the %s back: %w", k.one, err)
	}
	return record, tx.Record(ctx, change.Event{Action: action, Entity: k.one, EntityID: id, Before: before, After: record})
}
