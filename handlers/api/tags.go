package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
)

const tagsTag = "Tags"

// Tag is a tag as programs see it.
type Tag struct {
	ID        uuid.UUID `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
	Name      string    `json:"name" example:"key account" doc:"In lower case, as in the tags of records"`
	Colour    string    `json:"colour" enum:"grey,red,orange,yellow,green,teal,blue,purple,pink" example:"green"`
	Uses      *TagUses  `json:"uses" doc:"In lists, for who may configure tags; null otherwise"`
	Version   int64     `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
	CreatedAt time.Time `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt time.Time `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
}

// TagUses count the records with a tag, over the whole business.
type TagUses struct {
	Contacts  int64 `json:"contacts" example:"248" doc:"Counted up to 1,001, which means more than 1,000"`
	Companies int64 `json:"companies" example:"12" doc:"Counted up to 1,001, which means more than 1,000"`
}

func tagOf(t crm.Tag) Tag {
	out := Tag{ID: t.ID, Name: t.Name, Colour: t.Colour, Version: t.Version, CreatedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC()}
	if t.Uses != nil {
		uses := TagUses(*t.Uses)
		out.Uses = &uses
	}
	return out
}

// TagFields are what a tag is made from, and what a change may name.
type TagFields struct {
	Name   Optional[string] `json:"name" required:"false" nullable:"false" doc:"At most 50 characters without commas and semicolons, kept in lower case" example:"key account"`
	Colour Optional[string] `json:"colour" required:"false" nullable:"false" enum:"grey,red,orange,yellow,green,teal,blue,purple,pink" doc:"grey when a new tag names none" example:"green"`
}

// TagPath is the part of an input that names a tag.
type TagPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The tag's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
}

type listTagsInput struct {
	Reader
	Paging
}

type getTagInput struct {
	Reader
	TagPath
}

type createTagInput struct {
	Writer
	Body TagFields
}

type updateTagInput struct {
	Change
	TagPath
	Body TagFields
}

type changeTagInput struct {
	Change
	TagPath
}

type restoreTagInput struct {
	Writer
	TagPath
}

type mergeTagInput struct {
	Change
	TagPath
	Body struct {
		Into uuid.UUID `json:"into" format:"uuid" doc:"The tag that stays" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c61"`
	}
}

func (o *operations) tags(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/tags", "list-tags", tagsTag, "List tags",
		`One page of the tags of contacts and companies, by name. A name that is written into a record and is new becomes a tag by itself.`), o.listTags)
	huma.Register(api, created(operation(fiber.MethodPost, "/tags", "create-tag", tagsTag, "Add a tag", `Adds a tag that no record has yet.`, 400, 409, 415)), o.createTag)
	huma.Register(api, operation(fiber.MethodGet, "/tags/{id}", "get-tag", tagsTag, "Read a tag", `One tag.`, 404), o.getTag)
	huma.Register(api, operation(fiber.MethodPatch, "/tags/{id}", "update-tag", tagsTag, "Change a tag",
		`Changes the fields that are sent. A new name goes to all records and saved views that have the old one, before the answer or soon after.`, 400, 404, 409, 412, 415, 423), o.updateTag)
	huma.Register(api, operation(fiber.MethodDelete, "/tags/{id}", "delete-tag", tagsTag, "Delete a tag",
		`Takes the tag from all records. The answer is the tag as it was. It can be restored for 7 days.`, 404, 412, 423), o.deleteTag)
	huma.Register(api, operation(fiber.MethodPost, "/tags/{id}/restore", "restore-tag", tagsTag, "Restore a tag",
		`Brings back a deleted tag, and gives it back to the records from which it was taken.`, 404, 409, 423), o.restoreTag)
	huma.Register(api, operation(fiber.MethodPost, "/tags/{id}/merge", "merge-tag", tagsTag, "Merge a tag into another one",
		`Gives the records of the tag, and the saved views that ask for it, the other tag in its place, and ends it. The answer is the other tag. This cannot be undone.`, 400, 404, 412, 415, 423), o.mergeTag)
}

func (o *operations) listTags(ctx context.Context, in *listTagsInput) (*listAnswer[Tag], error) {
	page, err := o.CRM.Tags(ctx, in.principal, in.Cursor, in.size())
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[Tag]{Body: List[Tag]{Data: each(page.Tags, tagOf), Meta: meta}}, nil
}

func (o *operations) createTag(ctx context.Context, in *createTagInput) (*createdAnswer[Tag], error) {
	t, err := o.CRM.CreateTag(ctx, in.principal, crm.TagInput{Name: in.Body.Name.Value, Colour: in.Body.Colour.Value})
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/tags/"+t.ID.String(), tagOf(t), t.Version), nil
}

func (o *operations) getTag(ctx context.Context, in *getTagInput) (*recordAnswer[Tag], error) {
	t, err := o.CRM.Tag(ctx, in.principal, in.ID)
	t.Uses = nil // they change without the version, which is the entity tag
	return tagAnswer(t, err)
}

func (o *operations) updateTag(ctx context.Context, in *updateTagInput) (*recordAnswer[Tag], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return tagAnswer(o.CRM.UpdateTag(ctx, in.principal, in.ID, crm.TagPatch{Name: in.Body.Name.pointer(), Colour: in.Body.Colour.pointer()}, version))
}

func (o *operations) deleteTag(ctx context.Context, in *changeTagInput) (*recordAnswer[Tag], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return tagAnswer(o.CRM.DeleteTag(ctx, in.principal, in.ID, version))
}

func (o *operations) restoreTag(ctx context.Context, in *restoreTagInput) (*recordAnswer[Tag], error) {
	return tagAnswer(o.CRM.RestoreTag(ctx, in.principal, in.ID))
}

func (o *operations) mergeTag(ctx context.Context, in *mergeTagInput) (*recordAnswer[Tag], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return tagAnswer(o.CRM.MergeTag(ctx, in.principal, in.ID, in.Body.Into, version))
}

func tagAnswer(t crm.Tag, err error) (*recordAnswer[Tag], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(tagOf(t), t.Version), nil
}
