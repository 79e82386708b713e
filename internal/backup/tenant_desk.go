package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/change"
)

// TenantRequest is what a Request asks for that concerns one tenant.
type TenantRequest struct {
	Slug string `json:"slug,omitempty"` // of whom to compare

	Plan   uuid.UUID  `json:"plan,omitzero"` // to restore by
	Mode   TenantMode `json:"mode,omitempty"`
	Tables []string   `json:"tables,omitempty"`
	// ActorID, IP and RequestID are of who asked, for the audit log; ActorName too.
	ActorID   uuid.UUID `json:"actorId,omitzero"`
	ActorName string    `json:"actorName,omitempty"`
	IP        string    `json:"ip,omitempty"`
	RequestID string    `json:"requestId,omitempty"`
}

// text is how a request is kept; nil when it concerns no one tenant.
func (r TenantRequest) text() []byte {
	if r.Slug == "" && r.Plan == uuid.Nil {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic("backup: write a request: " + err.Error()) // of types that JSON has no word for
	}
	return text
}

func readTenantRequest(text []byte) (r TenantRequest, err error) {
	if text != nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		err = fmt.Errorf("read the request: %w", err)
	}
	return r, err
}

func (r TenantRequest) restore() TenantRestore {
	return TenantRestore{
		Plan: r.Plan, Mode: r.Mode, Tables: r.Tables,
		Actor: change.Actor{ID: r.ActorID, Kind: change.ActorUser, Name: r.ActorName, IP: r.IP, RequestID: r.RequestID},
	}
}

// asked returns what r is about, as far as its keys are concerned: a backup, or for
// one tenant also an archive.
func (d *Desk) asked(ctx context.Context, r Request) (Backup, error) {
	id := r.Backup
	switch r.Verb {
	case VerbRestoreTenant:
		p, _, err := readPlan(ctx, d.pool, r.Tenant.Plan)
		if err != nil {
			return Backup{}, err
		}
		id = p.Archive
	case VerbPlanTenant:
	default:
		return d.s.Get(ctx, id)
	}
	b, a, err := d.TenantSource(ctx, id)
	if a != nil {
		b = Backup{Manifest: Manifest{ID: a.ID, Recipients: a.Recipients}}
	}
	return b, err
}

// TenantSource tells of what moment a backup is, or an archive of one tenant, whose
// description is returned then.
func (d *Desk) TenantSource(ctx context.Context, id uuid.UUID) (b Backup, a *TenantArchive, err error) {
	b, err = d.s.Get(ctx, id)
	if !errors.Is(err, ErrNotFound) {
		return b, nil, err
	}
	found, err := d.s.TenantArchive(ctx, id)
	if err != nil {
		return b, nil, err
	}
	return b, &found, nil
}

// TenantPlan is that of Service.
func (d *Desk) TenantPlan(ctx context.Context, id uuid.UUID) (TenantPlan, *TenantReport, error) {
	return readPlan(ctx, d.pool, id)
}
