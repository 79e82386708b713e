package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/activity"
	"payaid/internal/listing"
)

const activitiesTag = "Activities"

// ActivityPath is the part of an input that names an activity.
type ActivityPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The activity's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
}

// ActivityFilter is the part of an input that chooses activities.
type ActivityFilter struct {
	Query  string `query:"q" maxLength:"200" doc:"Part of the subject or of the beginning of the text; one or two letters begin a word. When nothing holds it, what comes close" example:"prices"`
	Filter string `query:"filter" maxLength:"2000" doc:"Conditions on fields in the language that the list of contacts describes. Fields: type, outcome, author (an e-mail, me), team, company (a name), occurredAt. A filter that cannot be read is 400 INVALID_INPUT and says where" example:"type:call,meeting occurredAt:this-week"`
	Sort   string `query:"sort" enum:"-occurredAt,occurredAt" default:"-occurredAt" doc:"The order, with - in front for the newest first" example:"-occurredAt"`
}

func (f ActivityFilter) query() listing.Query {
	return listing.Query{Text: f.Query, Filter: f.Filter, Sort: f.Sort}
}

type listActivitiesInput struct {
	Reader
	ActivityFilter
	ContactID uuid.UUID `query:"contactId" required:"false" format:"uuid" doc:"Only those of this contact" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	CompanyID uuid.UUID `query:"companyId" required:"false" format:"uuid" doc:"Only those of this company and its people; does nothing beside contactId" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
	Paging
}

type exportActivitiesInput struct {
	Caller
	ActivityFilter
	Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"Kind of file"`
}

type getActivityInput struct {
	Reader
	ActivityPath
}

type createActivityInput struct {
	Writer
	Body NewActivity
}

type updateActivityInput struct {
	Change
	ActivityPath
	Body ActivityFields
}

type changeActivityInput struct {
	Change
	ActivityPath
}

type commentActivityInput struct {
	Writer
	ActivityPath
	Body NewComment
}

type deleteCommentInput struct {
	Writer
	ActivityPath
	Comment uuid.UUID `path:"comment" format:"uuid" doc:"The comment's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c61"`
}

func (o *operations) activities(api huma.API) {
	huma.Register(api, exportOperation("/activities/export", "export-activities", activitiesTag, "Export activities",
		`All activities of the filter as CSV that spreadsheets open as it is: UTF-8 with a byte order mark, formulas made harmless.`,
		"When,Type,Subject\r\n2026-11-20T10:15:00Z,call,Asked for prices\r\n", activity.ExportFormats), o.exportActivities) // before the activity whose id might read "export"
	huma.Register(api, operation(fiber.MethodGet, "/activities", "list-activities", activitiesTag, "List activities",
		`One page of the timeline of the records that you may see, without comments. The deepest page costs what the first one costs: follow nextCursor until it is null.`, 400), o.listActivities)
	huma.Register(api, created(operation(fiber.MethodPost, "/activities", "create-activity", activitiesTag, "Log an activity",
		`Adds an activity to the timeline of a contact or a company that you see. All but a note moves the contact's lastContactedAt. A colleague's name behind an @ in the text tells them of it.`, 400, 415)), o.createActivity)
	huma.Register(api, operation(fiber.MethodGet, "/activities/{id}", "get-activity", activitiesTag, "Read an activity",
		`One activity that is not in the trash, with its comments.`, 404), o.getActivity)
	huma.Register(api, operation(fiber.MethodPatch, "/activities/{id}", "update-activity", activitiesTag, "Change an activity",
		`Changes the fields that are sent and leaves the others as they are. What it hangs on stays. People change their own, managers those of their team.`, 400, 404, 412, 415), o.updateActivity)
	huma.Register(api, operation(fiber.MethodDelete, "/activities/{id}", "delete-activity", activitiesTag, "Move an activity to the trash",
		`The activity disappears from every timeline and can be restored. Doing it again changes nothing. The answer is the activity as it lies in the trash.`, 404, 412), o.deleteActivity)
	huma.Register(api, operation(fiber.MethodPost, "/activities/{id}/restore", "restore-activity", activitiesTag, "Restore an activity",
		`Takes an activity out of the trash. Doing it again changes nothing.`, 404, 412), o.restoreActivity)
	huma.Register(api, created(operation(fiber.MethodPost, "/activities/{id}/comments", "comment-activity", activitiesTag, "Comment an activity",
		`Adds a comment to an activity that you see. A colleague's name behind an @ tells them of it.`, 400, 404, 415)), o.commentActivity)
	huma.Register(api, operation(fiber.MethodDelete, "/activities/{id}/comments/{comment}", "delete-activity-comment", activitiesTag, "Delete a comment",
		`Takes a comment away for ever: one's own, and for administrators every one. The answer is the comment as it was.`, 404), o.deleteComment)
}

func (o *operations) listActivities(ctx context.Context, in *listActivitiesInput) (*listAnswer[Activity], error) {
	q := in.query()
	q.Cursor, q.Limit = in.Cursor, in.size()
	switch {
	case in.ContactID != uuid.Nil:
		q.Only = activity.OnlyContact(in.ContactID)
	case in.CompanyID != uuid.Nil:
		q.Only = activity.OnlyCompany(in.CompanyID)
	}
	page, err := o.Activity.Activities(ctx, in.principal, q)
	if err != nil {
		return nil, err
	}
	return pageOf(page, in.Limit, activityOf), nil
}

func (o *operations) exportActivities(_ context.Context, in *exportActivitiesInput) (*huma.StreamResponse, error) {
	p, q := in.principal, in.query()
	return o.export("activities", in.Format, func(ctx context.Context, w io.Writer) error { return o.Activity.Export(ctx, p, q, in.Format, w) }), nil
}

func (o *operations) createActivity(ctx context.Context, in *createActivityInput) (*createdAnswer[Activity], error) {
	a, err := o.Activity.Log(ctx, in.principal, in.Body.input())
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/activities/"+a.ID.String(), activityOf(a), a.Version), nil
}

func (o *operations) getActivity(ctx context.Context, in *getActivityInput) (*readAnswer[ActivityWithComments], error) {
	a, err := o.Activity.Activity(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	// Comments change without the version: the tag is made from the whole answer.
	return &readAnswer[ActivityWithComments]{Body: Record[ActivityWithComments]{Data: ActivityWithComments{activityOf(a), each(a.Comments, commentOf)}}}, nil
}

func (o *operations) updateActivity(ctx context.Context, in *updateActivityInput) (*recordAnswer[Activity], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return activityAnswer(o.Activity.Update(ctx, in.principal, in.ID, in.Body.patch(), version))
}

func (o *operations) deleteActivity(ctx context.Context, in *changeActivityInput) (*recordAnswer[Activity], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return activityAnswer(o.Activity.Delete(ctx, in.principal, in.ID, version))
}

func (o *operations) restoreActivity(ctx context.Context, in *changeActivityInput) (*recordAnswer[Activity], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return activityAnswer(o.Activity.Restore(ctx, in.principal, in.ID, version))
}

func (o *operations) commentActivity(ctx context.Context, in *commentActivityInput) (*commentAnswer, error) {
	c, err := o.Activity.AddComment(ctx, in.principal, in.ID, in.Body.Body)
	if err != nil {
		return nil, err
	}
	return &commentAnswer{Body: Record[Comment]{Data: commentOf(c)}}, nil
}

func (o *operations) deleteComment(ctx context.Context, in *deleteCommentInput) (*commentAnswer, error) {
	c, err := o.Activity.DeleteComment(ctx, in.principal, in.ID, in.Comment)
	if err != nil {
		return nil, err
	}
	return &commentAnswer{Body: Record[Comment]{Data: commentOf(c)}}, nil
}

func activityAnswer(a activity.Activity, err error) (*recordAnswer[Activity], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(activityOf(a), a.Version), nil
}
