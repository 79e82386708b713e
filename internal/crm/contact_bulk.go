package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
)

// The bulk actions of contacts.
const (
	BulkAssign     = "assign"
	BulkAddTags    = "add-tags"
	BulkRemoveTags = "remove-tags"
	BulkStage      = "set-stage"
	BulkStatus     = "set-status"
	BulkDelete     = "delete"
	BulkRestore    = "restore"
)

// BulkContacts says what can be done to contacts in bulk.
func (s *Service) BulkContacts() bulk.Entity { return contactBulk{s} }

// contactBulk implements bulk.Entity.
type contactBulk struct{ s *Service }

// contactBefore are the values of a contact that an action changed; uuid.Nil
// stands for nobody.
type contactBefore struct {
	OwnerID *uuid.UUID `json:"ownerId,omitempty"`
	Tags    *[]string  `json:"tags,omitempty"`
	Stage   *string    `json:"stage,omitempty"`
	Status  *string    `json:"status,omitempty"`
	Deleted *bool      `json:"deleted,omitempty"`
}

func (contactBulk) Right(action string) (auth.Right, bool) {
	switch action {
	case BulkDelete, BulkRestore:
		return auth.ContactsDelete, true
	case BulkAssign, BulkAddTags, BulkRemoveTags, BulkStage, BulkStatus:
		return auth.ContactsWrite, true
	}
	return "", false
}

func (contactBulk) Check(ctx context.Context, tx *change.Tx, p auth.Principal, in *bulk.Input) error {
	var f apperr.Fields
	if in.Match != nil {
		list := contactsMatching(*in.Match, "")
		if _, err := list.Where(); err != nil {
			return err
		}
		if _, err := list.Listing(); err != nil {
			return err
		}
		f.Check(in.Action != BulkRestore, "filter", "Name the contacts to restore: no list shows the trash.")
	}
	v := &in.Value
	switch in.Action {
	case BulkAssign:
		if f.Check(v.OwnerID != nil, "ownerId", "Choose a person."); f.Err() == nil {
			return checkOwner(ctx, tx, p, auth.Contacts, ownerFrom(*v.OwnerID))
		}
	case BulkAddTags, BulkRemoveTags:
		v.Tags = normalizeTags(v.Tags)
		f.Check(len(v.Tags) > 0, "tags", "Enter at least one tag.")
		f.Check(len(v.Tags) <= maxTags, "tags", "Use at most 50 tags.")
		for _, t := range v.Tags {
			f.Check(utf8.RuneCountInString(t) <= maxTag && printable(t), "tags", "A tag has at most 50 characters.")
		}
	case BulkStage:
		v.Stage = strings.ToLower(v.Stage)
		f.Check(slices.Contains(Stages, v.Stage), "stage", "Choose one of "+strings.Join(Stages, ", ")+".")
	case BulkStatus:
		v.Status = strings.ToLower(v.Status)
		f.Check(slices.Contains(Statuses, v.Status), "status", "Choose one of "+strings.Join(Statuses, ", ")+".")
	}
	return f.Err()
}

// Match walks the contacts of a list in the order in which they were made, which
// no action changes.
func (e contactBulk) Match(ctx context.Context, p auth.Principal, m bulk.Match, place string, limit int) ([]uuid.UUID, string, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, "", err
	}
	q, err := contactsMatching(m, place).Listing()
	if err != nil {
		return nil, "", err
	}
	page, err := contactList.Slice(ctx, e.s.source(), e.s.reader(p, auth.Contacts), q, limit)
	if err != nil {
		return nil, "", err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, c := range page.Items {
		ids[i] = c.ID
	}
	return ids, page.Next, nil
}

func contactsMatching(m bulk.Match, place string) ContactFilter {
	return ContactFilter{Query: m.Query, Filter: m.Filter, Sort: "createdAt", Cursor: place}
}

func (e contactBulk) Apply(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, v bulk.Value) (bulk.Changed, error) {
	c, err := contactKind.hold(ctx, tx, p, id, nil)
	if err != nil {
		return bulk.Changed{}, err
	}
	if action == BulkDelete || action == BulkRestore {
		return moveInBulk(ctx, tx, p, c, action == BulkDelete)
	}
	if c.DeletedAt != nil {
		return bulk.Changed{}, contactKind.missing()
	}
	patch, before := bulkPatch(c, action, v)
	if patch == (ContactPatch{}) {
		return bulk.Changed{}, bulk.ErrSame
	}
	after, err := contactKind.change(ctx, tx, p, c, patch)
	return bulk.Changed{Before: before, Version: after.Version}, err
}

func moveInBulk(ctx context.Context, tx *change.Tx, p auth.Principal, c Contact, deleted bool) (bulk.Changed, error) {
	if deleted == (c.DeletedAt != nil) {
		return bulk.Changed{}, bulk.ErrSame
	}
	was := !deleted
	after, err := contactKind.move(ctx, tx, p, c, deleted)
	return bulk.Changed{Before: contactBefore{Deleted: &was}, Version: after.Version}, err
}

// bulkPatch is what the action changes in the contact, and how that was before; an
// empty patch when nothing would change.
func bulkPatch(c Contact, action string, v bulk.Value) (ContactPatch, contactBefore) {
	switch action {
	case BulkAssign:
		if was := ownerOrNobody(c.OwnerID); *v.OwnerID != was {
			return ContactPatch{OwnerID: v.OwnerID}, contactBefore{OwnerID: &was}
		}
	case BulkAddTags, BulkRemoveTags:
		tags := slices.DeleteFunc(slices.Clone(c.Tags), func(t string) bool { return slices.Contains(v.Tags, t) })
		if action == BulkAddTags {
			tags = normalizeTags(slices.Concat(c.Tags, v.Tags))
		}
		if !slices.Equal(tags, c.Tags) {
			return ContactPatch{Tags: &tags}, contactBefore{Tags: &c.Tags}
		}
	case BulkStage:
		if v.Stage != c.Stage {
			return ContactPatch{Stage: &v.Stage}, contactBefore{Stage: &c.Stage}
		}
	case BulkStatus:
		if v.Status != c.Status {
			return ContactPatch{Status: &v.Status}, contactBefore{Status: &c.Status}
		}
	}
	return ContactPatch{}, contactBefore{}
}

func (contactBulk) Revert(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, _ string, before json.RawMessage, version int64) error {
	c, err := contactKind.hold(ctx, tx, p, id, &version)
	if err != nil {
		return err
	}
	var was contactBefore
	if err := json.Unmarshal(before, &was); err != nil {
		return fmt.Errorf("read the values before: %w", err)
	}
	if was.Deleted != nil {
		_, err = contactKind.move(ctx, tx, p, c, *was.Deleted)
		return err
	}
	_, err = contactKind.change(ctx, tx, p, c, ContactPatch{OwnerID: was.OwnerID, Tags: was.Tags, Stage: was.Stage, Status: was.Status})
	return err
}

func ownerOrNobody(owner *uuid.UUID) uuid.UUID {
	if owner == nil {
		return uuid.Nil
	}
	return *owner
}

func ownerFrom(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
