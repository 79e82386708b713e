package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
)

const auditTag = "Audit log"

// AuditEntry is one thing that happened.
type AuditEntry struct {
	ID        uuid.UUID     `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c50"`
	At        time.Time     `json:"at" example:"2026-11-22T06:30:00Z"`
	ActorID   *uuid.UUID    `json:"actorId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"The person or the key; null when PayAid itself did it"`
	ActorKind string        `json:"actorKind" enum:"user,api_key,system" example:"user"`
	Actor     string        `json:"actor" example:"Meera Iyer" doc:"The name at that time"`
	IP        string        `json:"ip" example:"203.0.113.7"`
	RequestID string        `json:"requestId" example:"01930f3e7a527c3b"`
	Action    string        `json:"action" example:"contact.update"`
	Entity    string        `json:"entity" example:"contact"`
	EntityID  uuid.UUID     `json:"entityId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	Changes   []AuditChange `json:"changes" nullable:"false"`
}

// AuditChange is one field that became different.
type AuditChange struct {
	Field  string `json:"field" example:"stage"`
	Before string `json:"before" example:"prospect" doc:"Empty when the field was empty or absent"`
	After  string `json:"after" example:"customer"`
}

func auditEntryOf(e audit.Entry) AuditEntry {
	return AuditEntry{
		ID: e.ID, At: e.At.UTC(), ActorID: e.ActorID, ActorKind: e.ActorKind, Actor: e.Actor, IP: e.IP, RequestID: e.RequestID,
		Action: e.Action, Entity: e.Entity, EntityID: e.EntityID,
		Changes: each(e.Changes, func(c audit.Change) AuditChange { return AuditChange(c) }),
	}
}

type listAuditInput struct {
	Reader
	ActorID  string    `query:"actorId" format:"uuid" doc:"Only what this person or key did" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46"`
	Action   string    `query:"action" maxLength:"100" doc:"Only this action" example:"contact.update"`
	Entity   string    `query:"entity" maxLength:"100" doc:"Only what concerns this kind of record" example:"contact"`
	EntityID string    `query:"entityId" format:"uuid" doc:"Only what concerns this record" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	From     time.Time `query:"from" doc:"Not before this time" example:"2026-11-01T00:00:00Z"`
	To       time.Time `query:"to" doc:"Before this time" example:"2026-12-01T00:00:00Z"`
	Paging
}

func (o *operations) audit(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/audit", "list-audit", auditTag, "Read the audit log",
		`One page of what happened in the business, newest first. Entries are never changed or deleted.`), o.listAudit)
}

func (o *operations) listAudit(ctx context.Context, in *listAuditInput) (*listAnswer[AuditEntry], error) {
	f := audit.Filter{Action: in.Action, Entity: in.Entity, From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.size()}
	for _, id := range []struct {
		name, value string
		into        *uuid.UUID
	}{{"actorId", in.ActorID, &f.Actor}, {"entityId", in.EntityID, &f.EntityID}} {
		read, err := optionalID(id.value, id.name)
		if err != nil {
			return nil, err
		}
		if read != nil {
			*id.into = *read
		}
	}
	page, err := o.Audit.Entries(ctx, in.principal, f)
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[AuditEntry]{Body: List[AuditEntry]{Data: each(page.Entries, auditEntryOf), Meta: meta}}, nil
}

// optionalID reads an id in the address that may be left out.
func optionalID(value, name string) (*uuid.UUID, error) {
	if value == "" {
		return nil, nil
	}
	id, err := uuid.Parse(value)
	if err != nil {
		var f apperr.Fields
		f.Add(name, "This is not an id.")
		return nil, f.Err()
	}
	return &id, nil
}
