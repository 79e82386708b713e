package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/bulk"
)

const batchTag = "Batch"

const batchPath = Prefix + "/batch"

// Batch is one action on many records and what has become of it.
type Batch struct {
	ID         uuid.UUID   `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
	Entity     string      `json:"entity" enum:"contacts,companies" example:"contacts"`
	Action     string      `json:"action" enum:"assign,add-tags,remove-tags,set-stage,set-status,set-type,delete,restore" example:"set-stage"`
	Undoes     *uuid.UUID  `json:"undoes" format:"uuid" doc:"The batch that this one takes back; null for an action of its own"`
	UndoneBy   *uuid.UUID  `json:"undoneBy" format:"uuid" doc:"The batch that takes this one back"`
	UndoUntil  *time.Time  `json:"undoUntil" example:"2026-11-29T06:30:00Z" doc:"Until when it can be undone; null when it cannot"`
	Status     string      `json:"status" enum:"queued,running,completed,failed" example:"completed"`
	Counts     BatchCounts `json:"counts"`
	Message    string      `json:"message" doc:"Why it failed; empty otherwise"`
	CreatedAt  time.Time   `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	FinishedAt *time.Time  `json:"finishedAt" example:"2026-11-22T06:30:01Z" doc:"Null while it is queued or running"`
}

// BatchCounts count the records of a batch.
type BatchCounts struct {
	Total   int64 `json:"total" example:"120" doc:"Records chosen so far; it grows while those that match are gathered"`
	Done    int64 `json:"done" example:"112"`
	Failed  int64 `json:"failed" example:"3" doc:"Refused; the reasons are at /batch/{id}/problems"`
	Skipped int64 `json:"skipped" example:"5" doc:"Already so, gone, not yours to change or changed meanwhile"`
}

// BatchProblem is one record to which the action was not done.
type BatchProblem struct {
	RecordID uuid.UUID `json:"recordId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	Outcome  string    `json:"outcome" enum:"failed,skipped" example:"skipped"`
	Reason   string    `json:"reason" example:"There was nothing to change."`
}

func batchOf(r bulk.Run) Batch {
	return Batch{
		ID: r.ID, Entity: r.Entity, Action: r.Action, Undoes: r.Undoes, UndoneBy: r.UndoneBy, UndoUntil: utc(r.UndoUntil), Status: r.Status,
		Counts:  BatchCounts{Total: r.Counts.Total, Done: r.Counts.Done, Failed: r.Counts.Failed, Skipped: r.Counts.Skipped},
		Message: r.Message, CreatedAt: r.CreatedAt.UTC(), FinishedAt: utc(r.FinishedAt),
	}
}

// BatchFields are what a batch is made from.
type BatchFields struct {
	Entity  string              `json:"entity" enum:"contacts,companies" example:"contacts" doc:"What kind of record"`
	Action  string              `json:"action" enum:"assign,add-tags,remove-tags,set-stage,set-status,set-type,delete,restore" example:"set-stage" doc:"What to do: assign needs ownerId, add-tags and remove-tags need tags, set-stage needs stage and set-status needs status, of contacts; set-type needs type, of companies. delete moves to the trash, restore takes out of it"`
	IDs     []uuid.UUID         `json:"ids,omitempty" maxItems:"1000" nullable:"false" doc:"The records, at most 1,000; or say what they match"`
	Filter  *BatchFilter        `json:"filter,omitempty" doc:"All records that match, instead of ids. The set is fixed when the batch starts. An empty object is every record that you may see"`
	OwnerID Optional[uuid.UUID] `json:"ownerId" required:"false" format:"uuid" doc:"For assign: a person of the business; null takes the owner away"`
	Tags    []string            `json:"tags,omitempty" nullable:"false" doc:"For add-tags and remove-tags" example:"vip"`
	Stage   string              `json:"stage,omitempty" doc:"For set-stage: prospect, contact or customer" example:"customer"`
	Status  string              `json:"status,omitempty" doc:"For set-status: active, inactive or lost" example:"inactive"`
	Type    string              `json:"type,omitempty" doc:"For set-type: customer, partner or competitor" example:"partner"`
}

// BatchFilter chooses records as their list does.
type BatchFilter struct {
	Query  string `json:"q,omitempty" maxLength:"200" doc:"As q of the list" example:"pune"`
	Filter string `json:"filter,omitempty" maxLength:"2000" doc:"As filter of the list" example:"stage:prospect -tag:vip"`
}

func (b *BatchFields) input() bulk.Input {
	in := bulk.Input{Entity: b.Entity, Action: b.Action, IDs: b.IDs, Value: bulk.Value{OwnerID: b.OwnerID.pointer(), Tags: b.Tags, Stage: b.Stage, Status: b.Status, Type: b.Type}}
	if b.Filter != nil {
		in.Match = &bulk.Match{Query: b.Filter.Query, Filter: b.Filter.Filter}
	}
	return in
}

// BatchPath is the part of an input that names a batch.
type BatchPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The batch's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
}

type startBatchInput struct {
	Writer
	Body BatchFields
}

type getBatchInput struct {
	Reader
	BatchPath
}

type undoBatchInput struct {
	Writer
	BatchPath
}

type listBatchProblemsInput struct {
	Reader
	BatchPath
	Cursor string `query:"cursor" doc:"nextCursor of another page of the same list; left out for the first page"`
}

type startBatchAnswer struct {
	Location string `header:"Location" doc:"The path of the batch: ask there how it is going"`
	Body     Record[Batch]
}

type batchAnswer struct {
	ETag string `header:"ETag" doc:"Changes whenever anything in the batch does, for If-None-Match"`
	Body Record[Batch]
}

func (o *operations) batch(api huma.API) {
	start := operation(fiber.MethodPost, "/batch", "start-batch", batchTag, "Do one thing to many records",
		`Changes, deletes or restores many records in the background, each as a single change of it would be made: what you may not change is skipped, what is refused counts as failed. Up to 50 named records are done when the answer comes.`, 400, 415)
	start.DefaultStatus = fiber.StatusAccepted
	huma.Register(api, start, o.startBatch)
	huma.Register(api, operation(fiber.MethodGet, "/batch/{id}", "get-batch", batchTag, "Read a batch",
		`One batch, with its counts. Ask again until status is completed or failed.`, 404), o.getBatch)
	huma.Register(api, operation(fiber.MethodGet, "/batch/{id}/problems", "list-batch-problems", batchTag, "List what a batch did not do",
		`A page of at most 100 records that failed or were skipped, with the reason. They are known for 30 days.`, 404), o.listBatchProblems)
	undo := operation(fiber.MethodPost, "/batch/{id}/undo", "undo-batch", batchTag, "Undo a batch",
		`Puts back what the batch changed, as a batch of its own, and spares records that were changed since. It can be done for 7 days; asking again answers the same batch.`, 404)
	undo.DefaultStatus = fiber.StatusAccepted
	huma.Register(api, undo, o.undoBatch)
}

func (o *operations) startBatch(ctx context.Context, in *startBatchInput) (*startBatchAnswer, error) {
	return startedBatch(o.Bulk.Start(ctx, in.principal, in.Body.input()))
}

func (o *operations) undoBatch(ctx context.Context, in *undoBatchInput) (*startBatchAnswer, error) {
	return startedBatch(o.Bulk.Undo(ctx, in.principal, in.ID))
}

func startedBatch(r bulk.Run, err error) (*startBatchAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &startBatchAnswer{Location: batchPath + "/" + r.ID.String(), Body: Record[Batch]{Data: batchOf(r)}}, nil
}

func (o *operations) getBatch(ctx context.Context, in *getBatchInput) (*batchAnswer, error) {
	r, err := o.Bulk.Run(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	return &batchAnswer{Body: Record[Batch]{Data: batchOf(r)}}, nil
}

func (o *operations) listBatchProblems(ctx context.Context, in *listBatchProblemsInput) (*listAnswer[BatchProblem], error) {
	after, err := lineOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	rows, err := o.Bulk.Problems(ctx, in.principal, in.ID, after)
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: bulk.MaxProblems}
	if len(rows) == bulk.MaxProblems {
		meta.NextCursor = cursor(strconv.FormatInt(rows[len(rows)-1].N, 10))
	}
	list := each(rows, func(r bulk.Problem) BatchProblem {
		return BatchProblem{RecordID: r.RecordID, Outcome: r.Outcome, Reason: r.Reason}
	})
	return &listAnswer[BatchProblem]{Body: List[BatchProblem]{Data: list, Meta: meta}}, nil
}
