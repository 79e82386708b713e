// Package backup makes backups of the whole installation, proves that they can
// be restored, and forgets old ones. One backup is an encrypted dump, an
// encrypted list of the files it refers to, and a signed manifest, which is
// written last: what has no manifest is no backup. The manifests in the store are
// the catalogue, so that no restore can lose the list of newer backups.
//
// It knows no business rule and no tenant. A process that may not make backups asks
// for them at a Desk; only the administration of the installation uses it.
package backup

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"payaid/internal/blob"
	"payaid/internal/change"
)

// Kind tells why a backup was made, which decides how long it is kept.
type Kind string

// The kinds of backups.
const (
	Scheduled Kind = "scheduled" // made by the schedule; kept for the retention time
	Manual    Kind = "manual"    // asked for by a person; kept like a scheduled one
	Safety    Kind = "safety"    // made before something dangerous; kept for SafetyDays
	Pinned    Kind = "pinned"    // kept until somebody deletes it
	PITR      Kind = "pitr"      // of an earlier moment, taken out of the write-ahead log; kept for SafetyDays
	// Final is of the database from before a restore, made when that is dropped: it holds
	// what was written between the safety backup and the swap. Kept for the retention time.
	Final Kind = "safety-final"
)

const (
	// MinRecipients is how many keys must be able to open a backup, so that the
	// loss of one loses nothing.
	MinRecipients = 2
	// MinVerified is how many verified backups are kept whatever their age.
	MinVerified = 3
	// SafetyDays is how long a safety backup is kept, in days.
	SafetyDays = 7

	defaultRetentionDays = 30
)

var (
	// ErrBusy tells that another backup job of this installation is at work.
	ErrBusy = errors.New("another backup job is running")
	// ErrNotFound tells that there is no backup with this id.
	ErrNotFound = errors.New("there is no such backup")
	// ErrForged tells that a manifest was not written by this installation, or was
	// changed since.
	ErrForged = errors.New("the manifest's signature is wrong")
	// ErrDamaged tells that the stored bytes are not those that were written.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrWrongKey tells that no key at hand opens the backup.
	ErrWrongKey = errors.New("no key at hand opens this backup")
	// ErrRefused tells that a backup or drill was refused before any work.
	ErrRefused = errors.New("refused")
)

// Options are what a Service works with.
type Options struct {
	BackupURL string // the database as payaid_backup
	OwnerURL  string // as payaid_owner; "" where it is not known: drills are refused then
	AppURL    string // as payaid_app, for the questions of a drill
	DrillURL  string // payaid_owner on another server for drills; "" drills on the server of OwnerURL

	Store   blob.Store // where backups are kept; nothing else lives there
	Objects blob.Store // the files that the database refers to

	// DatabaseDir is a directory on the file system of the database server of OwnerURL;
	// "" where this process cannot see one: how much room it has is unknown then.
	DatabaseDir string

	WAL WALOptions // the archive of the write-ahead log; zero for none

	Write *change.Writer // into the running system, for restores of one tenant; nil refuses those

	SecretKey  string   // signs manifests
	Recipients []string // public keys that open new backups; at least MinRecipients
	Identities string   // private keys for drills, one a line; may be ""
	KeyDir     string   // where keys are made on first use when Recipients is empty; "" refuses then

	ProgramDirs   []string // where pg_dump and pg_restore may be, in order; PATH comes last
	Version       string   // of this program
	Schedule      Schedule
	RetentionDays int // 30 when 0
	// FenceLease is how long writes wait at most after a process died that restores; 10 s
	// when 0.
	FenceLease time.Duration
	// SwapPatience is how long a restore waits for whoever only a person can send out of
	// the live database; 20 s when 0.
	SwapPatience time.Duration
	Log          *slog.Logger
	Now          func() time.Time
	Progress     func(line string) // told each step; may be nil
}

// Service makes, lists, proves and forgets backups.
type Service struct {
	o      Options
	signer signer
	next   uuid.UUID // id of the next job; uuid.Nil for a new one
	asOf   time.Time // the moment at which the server of BackupURL stands still; zero for a live one
}

// New returns a Service. It talks to nobody yet.
func New(o Options) *Service {
	o.RetentionDays = cmp.Or(o.RetentionDays, defaultRetentionDays)
	o.FenceLease, o.SwapPatience = cmp.Or(o.FenceLease, fenceLease), cmp.Or(o.SwapPatience, swapPatience)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return &Service{o: o, signer: newSigner(o.SecretKey)}
}

// now is the time in UTC without what JSON would lose.
func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// lasting outlives a cancelled ctx by a moment, for what must be written or
// cleaned up all the same.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
}
