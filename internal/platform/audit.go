package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// AuditEntry is one entry of the installation's own log: of no business, or by
// which its administration touched one.
type AuditEntry struct {
	ID       uuid.UUID
	At       time.Time
	Actor    string // name
	IP       string
	Action   string // "tenant.suspend"
	Business string // "" for none
	After    json.RawMessage
}

// AuditPage is one page of entries, newest first.
type AuditPage struct {
	Entries []AuditEntry
	Next    string // cursor of the page after, "" on the last
}

// Audit lists one page of the installation's log. cursor comes from AuditPage.
func (s *Service) Audit(ctx context.Context, p auth.Principal, cursor string) (AuditPage, error) {
	if err := require(p); err != nil {
		return AuditPage{}, err
	}
	at, id, err := auditCursor(cursor)
	if err != nil {
		return AuditPage{}, apperr.New(apperr.Validation, "This page of the list does not exist. Start again from the first page.")
	}
	rows, err := s.db.Global().ListInstallationAudit(ctx, db.ListInstallationAuditParams{BeforeAt: at, BeforeID: id, MaxRows: pageSize + 1})
	if err != nil {
		return AuditPage{}, fmt.Errorf("list the installation's audit entries: %w", err)
	}
	var page AuditPage
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		page.Next = last.At.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()
	}
	var tenants []uuid.UUID
	for _, r := range rows {
		if r.TenantID != nil {
			tenants = append(tenants, *r.TenantID)
		}
	}
	names, err := s.names(ctx, tenants)
	if err != nil {
		return AuditPage{}, err
	}
	page.Entries = make([]AuditEntry, len(rows))
	for i, r := range rows {
		page.Entries[i] = AuditEntry{ID: r.ID, At: r.At, Actor: r.ActorName, IP: r.Ip, Action: r.Action, After: r.After}
		if r.TenantID != nil {
			page.Entries[i].Business = names[*r.TenantID]
		}
	}
	return page, nil
}

// auditCursor reads a cursor; "" is before the first entry.
func auditCursor(s string) (time.Time, uuid.UUID, error) {
	if s == "" {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), uuid.Max, nil
	}
	first, second, ok := strings.Cut(s, "_")
	at, err := time.Parse(time.RFC3339Nano, first)
	id, err2 := uuid.Parse(second)
	if !ok || err != nil || err2 != nil {
		return at, id, errors.Join(err, err2, errors.New("platform: no cursor"))
	}
	return at, id, nil
}
