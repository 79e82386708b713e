package platform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
)

// TenantSource is what one business may be restored from: a backup, or the archive
// of one business.
type TenantSource struct {
	ID   uuid.UUID
	At   time.Time // what it knows
	Slug string    // of the only business in it; "" for all
	Name string
}

// TenantSource tells of what moment a backup or archive is.
func (s *Service) TenantSource(ctx context.Context, p auth.Principal, id uuid.UUID) (TenantSource, error) {
	d, err := s.desk(p)
	if err != nil {
		return TenantSource{}, err
	}
	b, a, err := d.TenantSource(ctx, id)
	if err != nil {
		return TenantSource{}, explainBackup(err)
	}
	if a != nil {
		return TenantSource{ID: id, At: a.At, Slug: a.Slug, Name: a.Name}, nil
	}
	return TenantSource{ID: id, At: b.Snapshot.At}, nil
}

// TenantComparison asks what a restore of one business would find.
type TenantComparison struct {
	Backup   uuid.UUID // or archive
	Slug     string    // short name of the business
	Identity string    // a private key; "" for the one that the installation has
}

// CompareTenant has a process compare a business with a backup, and returns the id
// under which Compared knows the result.
func (s *Service) CompareTenant(ctx context.Context, p auth.Principal, in TenantComparison) (uuid.UUID, error) {
	d, err := s.desk(p)
	if err != nil {
		return uuid.Nil, err
	}
	in.Slug = strings.ToLower(strings.TrimSpace(in.Slug))
	if err := s.checkBusiness(ctx, in.Slug, in.Identity); err != nil {
		return uuid.Nil, err
	}
	r := backup.Request{
		Verb: backup.VerbPlanTenant, Backup: in.Backup, By: p.Name, Identity: strings.TrimSpace(in.Identity), Tenant: backup.TenantRequest{Slug: in.Slug},
	}
	after := map[string]any{"backup": in.Backup, "slug": in.Slug, "ownKey": r.Identity != ""}
	return s.act(ctx, p, "backup.compare_business", in.Backup, after, func(ctx context.Context) (uuid.UUID, error) { return d.Ask(ctx, r) })
}

// checkBusiness refuses what no worker has to look at.
func (s *Service) checkBusiness(ctx context.Context, slug, identity string) error {
	var f apperr.Fields
	f.Check(len(identity) <= maxIdentity, "identity", "This is too long for a key.")
	f.Check(slugForm.MatchString(slug), "slug", "Give the short name of a business, such as rao-textiles.")
	if err := f.Err(); err != nil {
		return err
	}
	_, err := s.db.Global().GetTenantBySlug(ctx, slug)
	if db.IsNoRows(err) {
		f.Add("slug", "There is no business with this short name.")
		return f.Err()
	}
	if err != nil {
		return fmt.Errorf("look for the business: %w", err)
	}
	return nil
}

// maxIdentity bounds the text of private keys, in bytes.
const maxIdentity = 16 << 10

// Compared is a comparison and what became of it.
type Compared struct {
	Job    backup.Job           // that compares, or restores when there is one
	Plan   *backup.TenantPlan   // nil before the comparison has ended, or when it failed
	Report *backup.TenantReport // nil before it was restored
}

// Compared returns a comparison. job is the one that restores, or uuid.Nil.
func (s *Service) Compared(ctx context.Context, p auth.Principal, plan, job uuid.UUID) (Compared, error) {
	d, err := s.desk(p)
	if err != nil {
		return Compared{}, err
	}
	var out Compared
	if job == uuid.Nil {
		job = plan
	}
	if out.Job, err = d.Job(ctx, job); err != nil {
		return out, explainBackup(err)
	}
	if job == plan && out.Job.State != backup.JobCompleted {
		return out, nil
	}
	found, report, err := d.TenantPlan(ctx, plan)
	if err != nil {
		return out, explainBackup(err)
	}
	out.Plan, out.Report = &found, report
	return out, nil
}

// TenantRestore asks for the restore of one business.
type TenantRestore struct {
	Backup   uuid.UUID // that was compared
	Plan     uuid.UUID
	Mode     backup.TenantMode
	Tables   []string // at least one
	Confirm  string   // the short name of the business, typed by the administrator
	Identity string   // as in TenantComparison
}

// RestoreTenant has a process restore what a comparison found, and returns the id
// of its job.
func (s *Service) RestoreTenant(ctx context.Context, p auth.Principal, in TenantRestore) (uuid.UUID, error) {
	d, err := s.desk(p)
	if err != nil {
		return uuid.Nil, err
	}
	plan, _, err := d.TenantPlan(ctx, in.Plan)
	if err != nil {
		return uuid.Nil, explainBackup(err)
	}
	var f apperr.Fields
	f.Check(in.Mode == backup.BringBack || in.Mode == backup.AsItWas, "mode", "Choose how much is restored.")
	f.Check(len(in.Tables) > 0, "tables", "Choose what is restored.")
	for _, name := range in.Tables {
		f.Check(slices.ContainsFunc(plan.Tables, func(t backup.TableDifference) bool { return t.Table == name }), "tables", "Choose from what was compared.")
	}
	f.Check(strings.TrimSpace(in.Confirm) == plan.Slug, "confirm", "Type "+plan.Slug+" to restore this business.")
	f.Check(len(in.Identity) <= maxIdentity, "identity", "This is too long for a key.")
	if err := f.Err(); err != nil {
		return uuid.Nil, err
	}
	if plan.From != in.Backup {
		return uuid.Nil, apperr.New(apperr.NotFound, "This comparison does not exist any more.")
	}
	by := p.Actor()
	r := backup.Request{
		Verb: backup.VerbRestoreTenant, Backup: plan.From, By: p.Name, Identity: strings.TrimSpace(in.Identity),
		Tenant: backup.TenantRequest{Plan: in.Plan, Mode: in.Mode, Tables: in.Tables, ActorID: by.ID, ActorName: by.Name, IP: by.IP, RequestID: by.RequestID},
	}
	after := map[string]any{"backup": plan.From, "slug": plan.Slug, "mode": in.Mode, "tables": in.Tables, "ownKey": r.Identity != ""}
	return s.act(ctx, p, "backup.restore_business", plan.From, after, func(ctx context.Context) (uuid.UUID, error) { return d.Ask(ctx, r) })
}
