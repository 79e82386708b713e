package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
)

// What a run does with a tag.
const (
	tagRename  = "rename"
	tagMerge   = "merge"
	tagDelete  = "delete"
	tagRestore = "restore"
)

// tagTarget is a change of one tag, as idempotency remembers it.
type tagTarget struct {
	ID      uuid.UUID
	Patch   TagPatch   `json:",omitzero"`
	Into    *uuid.UUID `json:",omitempty"`
	Version *int64
}

// tagChange is what a change of a tag answers: the tag, and the run that carries
// the change into the records, uuid.Nil when there is nothing to carry.
type tagChange struct {
	Tag Tag       `json:"tag"`
	Run uuid.UUID `json:"run"`
}

// CreateTag adds a tag that no record has yet. Its name is unique (ALREADY_EXISTS).
func (s *Service) CreateTag(ctx context.Context, p auth.Principal, in TagInput) (Tag, error) {
	if err := p.Require(auth.TagsConfigure); err != nil {
		return Tag{}, err
	}
	if err := in.check(); err != nil {
		return Tag{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "tag.create", in, func(ctx context.Context, tx *change.Tx) (Tag, error) {
		if err := freeTags(ctx, tx, in.Name); err != nil {
			return Tag{}, err
		}
		id := uuid.Must(uuid.NewV7())
		if err := tx.Q.InsertTag(ctx, db.InsertTagParams{TenantID: p.TenantID, ID: id, Name: in.Name, Colour: in.Colour, Now: tx.Now}); err != nil {
			return Tag{}, fmt.Errorf("insert the tag: %w", err)
		}
		return recordTag(ctx, tx, id, "tag.create", nil)
	})
}

// UpdateTag gives a tag another name or colour. A new name goes to all its records
// and to the saved views that ask for it, also to those that the principal does not
// see, before this returns or soon after. version is what the caller last saw, nil
// to overwrite; an older one is a Conflict.
func (s *Service) UpdateTag(ctx context.Context, p auth.Principal, id uuid.UUID, patch TagPatch, version *int64) (Tag, error) {
	if err := p.Require(auth.TagsConfigure); err != nil {
		return Tag{}, err
	}
	return s.changeTag(ctx, p, "tag.update", tagTarget{ID: id, Patch: patch, Version: version}, func(ctx context.Context, tx *change.Tx, before Tag) (tagChange, error) {
		in := TagInput{Name: before.Name, Colour: before.Colour}
		set(&in.Name, patch.Name)
		set(&in.Colour, patch.Colour)
		if err := in.check(); err != nil {
			return tagChange{}, err
		}
		var run uuid.UUID
		if in.Name != before.Name {
			var err error
			if err = freeTags(ctx, tx, in.Name); err != nil {
				return tagChange{}, err
			}
			if run, err = startTagRun(ctx, tx, p, db.InsertTagRunParams{TagID: id, Action: tagRename, FromName: before.Name, ToName: in.Name, Colour: in.Colour}); err != nil {
				return tagChange{}, err
			}
		}
		if err := tx.Q.UpdateTag(ctx, db.UpdateTagParams{TenantID: p.TenantID, ID: id, Name: in.Name, Colour: in.Colour, Now: tx.Now}); err != nil {
			return tagChange{}, fmt.Errorf("save the tag: %w", err)
		}
		after, err := recordTag(ctx, tx, id, "tag.update", before)
		return tagChange{Tag: after, Run: run}, err
	})
}

// MergeTag gives the records of a tag, and the saved views that ask for it, another
// one in its place, and ends it. It returns the other one.
func (s *Service) MergeTag(ctx context.Context, p auth.Principal, id, into uuid.UUID, version *int64) (Tag, error) {
	if err := p.Require(auth.TagsConfigure); err != nil {
		return Tag{}, err
	}
	return s.changeTag(ctx, p, "tag.merge", tagTarget{ID: id, Into: &into, Version: version}, func(ctx context.Context, tx *change.Tx, before Tag) (tagChange, error) {
		var f apperr.Fields
		row, err := tx.Q.GetTag(ctx, db.GetTagParams{TenantID: p.TenantID, ID: into})
		if err != nil && !db.IsNoRows(err) {
			return tagChange{}, fmt.Errorf("get the tag to merge into: %w", err)
		}
		f.Check(err == nil, "into", "This tag does not exist.")
		f.Check(id != into, "into", "Choose another tag.")
		if err := f.Err(); err != nil {
			return tagChange{}, err
		}
		if err := freeTags(ctx, tx, row.Name); err != nil {
			return tagChange{}, err
		}
		run, err := startTagRun(ctx, tx, p, db.InsertTagRunParams{TagID: id, Action: tagMerge, FromName: before.Name, ToName: row.Name, Colour: before.Colour})
		if err != nil {
			return tagChange{}, err
		}
		if err := tx.Q.DeleteTag(ctx, db.DeleteTagParams{TenantID: p.TenantID, ID: id}); err != nil {
			return tagChange{}, fmt.Errorf("delete the merged tag: %w", err)
		}
		event := change.Event{Action: "tag.merge", Entity: entityTag, EntityID: id, Before: before, After: map[string]string{"into": row.Name}}
		return tagChange{Tag: tagFromRow(row), Run: run}, tx.Record(ctx, event)
	})
}

// DeleteTag takes a tag from all records and ends it; RestoreTag brings both back.
// Saved views go on asking for it. It returns the tag as it was.
func (s *Service) DeleteTag(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Tag, error) {
	if err := p.Require(auth.TagsConfigure); err != nil {
		return Tag{}, err
	}
	return s.changeTag(ctx, p, "tag.delete", tagTarget{ID: id, Version: version}, func(ctx context.Context, tx *change.Tx, before Tag) (tagChange, error) {
		run, err := startTagRun(ctx, tx, p, db.InsertTagRunParams{TagID: id, Action: tagDelete, FromName: before.Name, Colour: before.Colour})
		if err != nil {
			return tagChange{}, err
		}
		if err := tx.Q.DeleteTag(ctx, db.DeleteTagParams{TenantID: p.TenantID, ID: id}); err != nil {
			return tagChange{}, fmt.Errorf("delete the tag: %w", err)
		}
		return tagChange{Tag: before, Run: run}, tx.Record(ctx, change.Event{Action: "tag.delete", Entity: entityTag, EntityID: id, Before: before})
	})
}

// changeTag locks the tag, lets do change it and carries the change into the
// records.
func (s *Service) changeTag(ctx context.Context, p auth.Principal, action string, at tagTarget, do func(context.Context, *change.Tx, Tag) (tagChange, error)) (Tag, error) {
	done, err := change.Do(ctx, s.write, p.Actor(), action, at, func(ctx context.Context, tx *change.Tx) (tagChange, error) {
		before, err := lockTag(ctx, tx, at.ID, at.Version)
		if err != nil {
			return tagChange{}, err
		}
		if err := freeTags(ctx, tx, before.Name); err != nil {
			return tagChange{}, err
		}
		return do(ctx, tx, before)
	})
	if err != nil {
		return Tag{}, err
	}
	s.carryAtOnce(ctx, p, done.Run)
	return done.Tag, nil
}

// RestoreTag undoes the last deletion of a tag within 7 days: the tag is there
// again, and the records from which it was taken have it again, whatever else became
// of them.
func (s *Service) RestoreTag(ctx context.Context, p auth.Principal, id uuid.UUID) (Tag, error) {
	if err := p.Require(auth.TagsConfigure); err != nil {
		return Tag{}, err
	}
	done, err := change.Do(ctx, s.write, p.Actor(), "tag.restore", id, func(ctx context.Context, tx *change.Tx) (tagChange, error) {
		if err := tx.Q.LockTags(ctx, p.TenantID.String()); err != nil {
			return tagChange{}, fmt.Errorf("lock the tags: %w", err)
		}
		row, err := tx.Q.GetTagDeletion(ctx, db.GetTagDeletionParams{TenantID: p.TenantID, TagID: id})
		if db.IsNoRows(err) {
			return tagChange{}, errNoTag()
		}
		if err != nil {
			return tagChange{}, fmt.Errorf("get the deletion of a tag: %w", err)
		}
		switch {
		case row.Open:
			return tagChange{}, errTagBusy(row.FromName)
		case tx.Now.Sub(row.CreatedAt) > bulk.UndoFor:
			return tagChange{}, apperr.New(apperr.BusinessRule, "This is more than 7 days ago and cannot be undone any more.")
		}
		if err := freeTags(ctx, tx, row.FromName); err != nil {
			return tagChange{}, err
		}
		return restoreTag(ctx, tx, p, id, row)
	})
	if err != nil {
		return Tag{}, err
	}
	s.carryAtOnce(ctx, p, done.Run)
	return done.Tag, nil
}

// restoreTag makes the tag again. When somebody has typed its name meanwhile, that
// is refused: which of the two is meant is not ours to say.
func restoreTag(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, was db.GetTagDeletionRow) (tagChange, error) {
	if err := tx.Q.InsertTag(ctx, db.InsertTagParams{TenantID: p.TenantID, ID: id, Name: was.FromName, Colour: was.Colour, Now: tx.Now}); err != nil {
		return tagChange{}, fmt.Errorf("bring the tag back: %w", err)
	}
	run, err := startTagRun(ctx, tx, p, db.InsertTagRunParams{TagID: id, Action: tagRestore, ToName: was.FromName, Colour: was.Colour, Undoes: &was.ID})
	if err != nil {
		return tagChange{}, err
	}
	t, err := recordTag(ctx, tx, id, "tag.restore", nil)
	return tagChange{Tag: t, Run: run}, err
}

// freeTags holds the vocabulary for the rest of the transaction and refuses names
// that a run is still changing: the one would overtake the other.
func freeTags(ctx context.Context, tx *change.Tx, name string) error {
	if err := tx.Q.LockTags(ctx, tx.Actor.TenantID.String()); err != nil {
		return fmt.Errorf("lock the tags: %w", err)
	}
	open, err := tx.Q.ListOpenTagRuns(ctx, tx.Actor.TenantID)
	if err != nil {
		return fmt.Errorf("list open changes of tags: %w", err)
	}
	for _, r := range open {
		if r.FromName == name || r.ToName == name {
			return errTagBusy(name)
		}
	}
	return nil
}

func errTagBusy(name string) error {
	return apperr.New(apperr.Locked, "The tag %s is still being changed in all its records. Please try again in a moment.", name)
}

// lockTag holds the tag for the rest of the transaction, provided that the caller
// saw this version.
func lockTag(ctx context.Context, tx *change.Tx, id uuid.UUID, version *int64) (Tag, error) {
	row, err := tx.Q.LockTag(ctx, db.LockTagParams{TenantID: tx.Actor.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Tag{}, errNoTag()
	}
	if err != nil {
		return Tag{}, fmt.Errorf("lock tag %s: %w", id, err)
	}
	if version != nil && *version != row.Version {
		return Tag{}, errStale("tag", row.Version)
	}
	return tagFromRow(db.GetTagRow(row)), nil
}

// recordTag reads the tag as it is now, writes the audit entry and returns it.
func recordTag(ctx context.Context, tx *change.Tx, id uuid.UUID, action string, before any) (Tag, error) {
	row, err := tx.Q.GetTag(ctx, db.GetTagParams{TenantID: tx.Actor.TenantID, ID: id})
	if err != nil {
		return Tag{}, fmt.Errorf("read the tag back: %w", err)
	}
	t := tagFromRow(row)
	return t, tx.Record(ctx, change.Event{Action: action, Entity: entityTag, EntityID: id, Before: before, After: t})
}
