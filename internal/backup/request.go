package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/secret"
)

// Verb is what can be asked for at a Desk.
type Verb string

// The verbs.
const (
	VerbCreate   Verb = "create"
	VerbVerify   Verb = "verify"
	VerbDrill    Verb = "drill"
	VerbRestore  Verb = "restore"
	VerbRollback Verb = "rollback"
	VerbPrune    Verb = "prune"
	VerbDelete   Verb = "delete"

	VerbRestoreTo Verb = "restore to" // of a moment in the archive of the write-ahead log

	VerbPlanTenant    Verb = "compare tenant"
	VerbRestoreTenant Verb = "restore tenant"
)

// Request is what somebody asks for. It becomes a job with the same id.
type Request struct {
	ID     uuid.UUID
	Verb   Verb
	Backup uuid.UUID // of verify, drill, restore and delete
	Kind   Kind      // of create
	By     string    // name of who asks
	// Identity is a private key for a drill or restore where the process that does it
	// has none. It is kept sealed, and only until the request has ended.
	Identity string
	To       time.Time     // of restore to
	Tenant   TenantRequest // of the verbs that concern one tenant
}

var (
	// ErrOpen tells that the same is asked for already and has not ended.
	ErrOpen = errors.New("this is asked for already")
	// ErrEnded tells that a job or request has ended and can no longer be stopped.
	ErrEnded = errors.New("the job has ended")
)

const (
	// pollEvery is how soon a request is seen, and the wish to stop a job.
	pollEvery = time.Second
	// reconnectAfter is how long a worker waits that cannot work.
	reconnectAfter = 5 * time.Second
)

// workerKey is taken for the session by the process that does what was asked for.
const workerKey = "hashtext('payaid.backup.requests')"

// withBackup are the verbs that name a backup.
var withBackup = []Verb{VerbVerify, VerbDrill, VerbRestore, VerbDelete, VerbPlanTenant, VerbRestoreTenant}

// identityBox seals private keys on their way to the worker.
func identityBox(secretKey string) (*secret.Box, error) {
	return secret.NewBox(secretKey, "backup identities")
}

// checkIdentity refuses a key that does not open b, so that it is not kept for
// nothing.
func checkIdentity(text string, b Backup) error {
	ids, err := parseIdentities("what you gave", strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWrongKey, err)
	}
	for _, k := range ids {
		if slices.Contains(b.Recipients, k.Recipient().String()) {
			return nil
		}
	}
	return fmt.Errorf("%w: it belongs to %s, but the backup was made for %s", ErrWrongKey, ids[0].Recipient(), strings.Join(b.Recipients, ", "))
}

// insertRequest keeps r for a worker.
func insertRequest(ctx context.Context, q executor, r Request, sealed []byte, now time.Time) error {
	var of *uuid.UUID
	if slices.Contains(withBackup, r.Verb) {
		of = &r.Backup
	}
	var to *time.Time
	if !r.To.IsZero() {
		to = &r.To
	}
	_, err := q.Exec(ctx, "INSERT INTO request (id, verb, backup_id, kind, identity, asked_by, asked_at, tenant, moment) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		r.ID, r.Verb, of, r.Kind, sealed, r.By, now, r.Tenant.text(), to)
	if hasCode(err, codeUniqueViolation) {
		return fmt.Errorf("%w: %s", ErrOpen, r.Verb)
	}
	if err != nil {
		return fmt.Errorf("keep the request: %w", err)
	}
	return nil
}

// claim takes the oldest request that waits; false where there is none.
func (s *Service) claimRequest(ctx context.Context, conn *pgx.Conn) (r Request, ok bool, err error) {
	var of *uuid.UUID
	var sealed, tenant []byte
	var to *time.Time
	err = conn.QueryRow(ctx, `
		UPDATE request SET state = 'running'
		WHERE id = (SELECT id FROM request WHERE state = 'queued' ORDER BY asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, verb, backup_id, kind, identity, asked_by, tenant, moment`).Scan(&r.ID, &r.Verb, &of, &r.Kind, &sealed, &r.By, &tenant, &to)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("claim a request: %w", err)
	}
	if of != nil {
		r.Backup = *of
	}
	if to != nil {
		r.To = *to
	}
	if r.Tenant, err = readTenantRequest(tenant); err != nil {
		return r, true, err
	}
	if sealed == nil {
		return r, true, nil
	}
	box, err := identityBox(s.o.SecretKey)
	if err != nil {
		return r, true, err
	}
	key, err := box.Open(sealed, r.ID[:])
	if err != nil {
		return r, true, fmt.Errorf("%w: the key that was given cannot be opened here: the processes of this installation have different PAYAID_SECRET_KEYs (%w)", ErrRefused, err)
	}
	r.Identity = string(key)
	return r, true, nil
}
