package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// The bulk actions of every record that has an owner, tags and a trash.
const (
	BulkAssign     = "assign"
	BulkAddTags    = "add-tags"
	BulkRemoveTags = "remove-tags"
	BulkDelete     = "delete"
	BulkRestore    = "restore"
)

// BulkEntities are the kinds of record for package bulk, by the name of their list.
func (s *Service) BulkEntities() map[string]bulk.Entity {
	return map[string]bulk.Entity{EntityContacts: recordBulk{s, contactBulk{}}, EntityCompanies: recordBulk{s, companyBulk{}}}
}

// bulkKind is what one kind of record does its own way.
type bulkKind interface {
	// entity names the records in the plural, and whose of them a person may change.
	entity() string
	// rights to see the records, to change them and to move them to the trash.
	rights() (read, write, remove auth.Right)
	// choice is the field that the action sets to one of a few values; false when there
	// is no such action.
	choice(action string) (bulkChoice, bool)
	// refuse says what cannot be asked of the list of these records.
	refuse(q listing.Query) error
	// slice walks the list.
	slice(ctx context.Context, s *Service, p auth.Principal, q listing.Query, limit int) (ids []uuid.UUID, next string, err error)
	// lock holds a record that the principal may change, in the trash or not.
	lock(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (bulkRecord, error)
	// errGone says that there is no such record.
	errGone() error
}

// bulkChoice is a field with a few values.
type bulkChoice struct {
	field  string
	values []string
	value  func(*bulk.Value) *string  // where a run has it
	place  func(*bulkFields) **string // where a change of a record has it
}

// bulkFields are the fields of a record that actions change: what they become, or
// what they were. uuid.Nil stands for nobody.
type bulkFields struct {
	OwnerID *uuid.UUID `json:"ownerId,omitempty"`
	Tags    *[]string  `json:"tags,omitempty"`
	Stage   *string    `json:"stage,omitempty"`
	Status  *string    `json:"status,omitempty"`
	Type    *string    `json:"type,omitempty"`
	Deleted *bool      `json:"deleted,omitempty"`
}

// bulkRecord is a locked record.
type bulkRecord interface {
	// fields are its values, none of them nil that its kind has.
	fields() bulkFields
	// change saves it with the fields that are not nil, and returns its new version.
	change(ctx context.Context, tx *change.Tx, p auth.Principal, f bulkFields) (int64, error)
	// move puts it into the trash or takes it out, and returns its new version.
	move(ctx context.Context, tx *change.Tx, p auth.Principal, deleted bool) (int64, error)
}

// recordBulk implements bulk.Entity for a kind of record.
type recordBulk struct {
	s    *Service
	kind bulkKind
}

func (b recordBulk) Right(action string) (auth.Right, bool) {
	_, write, remove := b.kind.rights()
	switch action {
	case BulkDelete, BulkRestore:
		return remove, true
	case BulkAssign, BulkAddTags, BulkRemoveTags:
		return write, true
	}
	_, ok := b.kind.choice(action)
	return write, ok
}

func (b recordBulk) Check(ctx context.Context, tx *change.Tx, p auth.Principal, in *bulk.Input) error {
	var f apperr.Fields
	if in.Match != nil {
		if err := b.kind.refuse(matching(*in.Match, "")); err != nil {
			return err
		}
		f.Check(in.Action != BulkRestore, "filter", "Name the "+b.kind.entity()+" to restore: no list shows the trash.")
	}
	switch in.Action {
	case BulkAssign:
		if f.Check(in.Value.OwnerID != nil, "ownerId", "Choose a person."); f.Err() == nil {
			return checkOwner(ctx, tx, p, b.kind.entity(), known(nil, in.Value.OwnerID))
		}
	case BulkAddTags, BulkRemoveTags:
		in.Value.Tags = normalizeTags(in.Value.Tags)
		f.Check(len(in.Value.Tags) > 0, "tags", "Enter at least one tag.")
		checkTags(&f, in.Value.Tags)
	default:
		if c, ok := b.kind.choice(in.Action); ok {
			v := c.value(&in.Value)
			*v = strings.ToLower(*v)
			f.Check(slices.Contains(c.values, *v), c.field, "Choose one of "+strings.Join(c.values, ", ")+".")
		}
	}
	return f.Err()
}

// Match walks the records of a list in the order in which they were made, which no
// action changes.
func (b recordBulk) Match(ctx context.Context, p auth.Principal, m bulk.Match, place string, limit int) ([]uuid.UUID, string, error) {
	read, _, _ := b.kind.rights()
	if err := p.Require(read); err != nil {
		return nil, "", err
	}
	return b.kind.slice(ctx, b.s, p, matching(m, place), limit)
}

func matching(m bulk.Match, place string) listing.Query {
	return listing.Query{Text: m.Query, Filter: m.Filter, Sort: "createdAt", Cursor: place}
}

// sliceIDs walks the list of a kind of record.
func sliceIDs[T any, R interface{ At() db.Place }](ctx context.Context, k *listing.Kind[T, R], src listing.Source, r listing.Reader, q listing.Query, limit int, id func(T) uuid.UUID) ([]uuid.UUID, string, error) {
	page, err := k.Slice(ctx, src, r, q, limit)
	if err != nil {
		return nil, "", err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, item := range page.Items {
		ids[i] = id(item)
	}
	return ids, page.Next, nil
}

func (b recordBulk) Apply(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, v bulk.Value) (bulk.Changed, error) {
	r, err := b.kind.lock(ctx, tx, p, id, nil)
	if err != nil {
		return bulk.Changed{}, err
	}
	is := r.fields()
	if action == BulkDelete || action == BulkRestore {
		deleted := action == BulkDelete
		if deleted == *is.Deleted {
			return bulk.Changed{}, bulk.ErrSame
		}
		version, err := r.move(ctx, tx, p, deleted)
		return bulk.Changed{Before: bulkFields{Deleted: is.Deleted}, Version: version}, err
	}
	if *is.Deleted {
		return bulk.Changed{}, b.kind.errGone()
	}
	becomes, was := b.changes(is, action, v)
	if becomes == (bulkFields{}) {
		return bulk.Changed{}, bulk.ErrSame
	}
	version, err := r.change(ctx, tx, p, becomes)
	return bulk.Changed{Before: was, Version: version}, err
}

// changes is what the action makes of a record and how that was before; both are
// empty when nothing would change.
func (b recordBulk) changes(is bulkFields, action string, v bulk.Value) (becomes, was bulkFields) {
	switch action {
	case BulkAssign:
		if *v.OwnerID != *is.OwnerID {
			return bulkFields{OwnerID: v.OwnerID}, bulkFields{OwnerID: is.OwnerID}
		}
	case BulkAddTags, BulkRemoveTags:
		tags := slices.DeleteFunc(slices.Clone(*is.Tags), func(t string) bool { return slices.Contains(v.Tags, t) })
		if action == BulkAddTags {
			tags = normalizeTags(slices.Concat(*is.Tags, v.Tags))
		}
		if !slices.Equal(tags, *is.Tags) {
			return bulkFields{Tags: &tags}, bulkFields{Tags: is.Tags}
		}
	default:
		if c, ok := b.kind.choice(action); ok && *c.value(&v) != **c.place(&is) {
			*c.place(&becomes), *c.place(&was) = c.value(&v), *c.place(&is)
		}
	}
	return becomes, was
}

func (b recordBulk) Revert(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, _ string, before json.RawMessage, version int64) error {
	r, err := b.kind.lock(ctx, tx, p, id, &version)
	if err != nil {
		return err
	}
	var was bulkFields
	if err := json.Unmarshal(before, &was); err != nil {
		return fmt.Errorf("read the values before: %w", err)
	}
	if was.Deleted != nil {
		_, err = r.move(ctx, tx, p, *was.Deleted)
		return err
	}
	_, err = r.change(ctx, tx, p, was)
	return err
}

func ownerOrNobody(owner *uuid.UUID) uuid.UUID {
	if owner == nil {
		return uuid.Nil
	}
	return *owner
}

// Selected narrows a list to the records that somebody has selected in it.
func Selected(q listing.Query, ids []uuid.UUID) (listing.Query, error) {
	if len(ids) > maxIDs {
		return q, apperr.New(apperr.Validation, "Choose at most 1,000 records.")
	}
	q.Only = listing.Condition{SQL: "c.id = ANY (?)", Args: []any{ids}}
	return q, nil
}
