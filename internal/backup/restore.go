package backup

import (
	"context"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"payaid/db"
)

// State is where a restore stands. Each is written down before its work begins.
type State string

// The states in their order. Until SWAP has committed the live database is
// untouched, whatever happens; from SWITCH on the restored one is live.
const (
	StateCheck   State = "CHECK"   // is the backup whole, ours, and can it be restored here
	StateSafety  State = "SAFETY"  // a backup of the live database
	StateLoad    State = "LOAD"    // into a database beside the live one
	StateVerify  State = "VERIFY"  // every table and right against the manifest
	StateMigrate State = "MIGRATE" // the copy to this program's schema, then asked as the application
	StateObjects State = "OBJECTS" // every file that the copy refers to
	StateFence   State = "FENCE"   // writes wait
	StateCarry   State = "CARRY"   // what must never go backwards
	StateSwap    State = "SWAP"    // both databases are renamed in one transaction
	StateSwitch  State = "SWITCH"  // every replica takes the new one
	StateDone    State = "DONE"
	StateFailed  State = "FAILED"      // the live database is the one from before
	StateUndone  State = "ROLLED_BACK" // the database from before the restore is live again
)

// RollbackTime is how long the database from before a restore is kept.
const RollbackTime = 7 * 24 * time.Hour

// Restored tells how a restore goes or went.
type Restored struct {
	ID     uuid.UUID // of the restore
	Backup uuid.UUID // what was restored
	Safety uuid.UUID // the backup of the live database made before; uuid.Nil before SAFETY is over
	Job    uuid.UUID // whose events tell the steps
	State  State
	// Problem says why it failed; "" otherwise.
	Problem    string
	Copy       string              // the database that was loaded
	Previous   string              // what the live one is called once it is replaced
	Times      map[State]time.Time // when each state began
	Report     Report
	StartedAt  time.Time
	FinishedAt *time.Time // nil while it is at work
	// RollbackUntil is when Previous is dropped; nil when there is none.
	RollbackUntil *time.Time
}

// Report is what a restore changed.
type Report struct {
	// Tables are the rows of each table of the live database before, and of the copy
	// as it was loaded; only tables that differ.
	Tables map[string]Rows `json:"tables,omitempty"`
	// Carried counts what was taken over from the database that was replaced.
	Carried map[string]int64 `json:"carried,omitempty"`
	// Outage is for how long writes had to wait.
	Outage time.Duration `json:"outage,omitempty"`
	// Warnings are what a person should look at.
	Warnings []string `json:"warnings,omitempty"`
}

// Rows counts the rows of a table before and after a restore.
type Rows struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// restoring is a restore or its rollback at work in this process.
type restoring struct {
	s      *Service
	job    *job
	b      Backup
	keys   []age.Identity
	sc     *scratch // the copy
	live   string   // name of the live database
	opsURL string   // as payaid_owner
	back   bool     // it is rolled back: until the swap its row stays as it is
	unsafe bool     // nothing of the live database can be relied upon, nor is it backed up
	Restored
}

// Restore makes a backup the live database. The live one is backed up first, and
// kept beside the new one for RollbackTime. Whatever fails before the swap leaves it
// untouched: then the error says why, and Restored how far it came. ErrRefused,
// ErrWrongKey, ErrForged and ErrDamaged come before any work.
func (s *Service) Restore(ctx context.Context, id uuid.UUID) (Restored, error) {
	return s.restoreAsJob(ctx, id, false)
}

// RestoreWithoutSafety is Restore for a live database that is too broken to be backed
// up: no safety backup is made, and where the database cannot even be read, nothing is
// carried over from it, which the report then says. It is kept beside the new one all
// the same.
func (s *Service) RestoreWithoutSafety(ctx context.Context, id uuid.UUID) (Restored, error) {
	return s.restoreAsJob(ctx, id, true)
}

func (s *Service) restoreAsJob(ctx context.Context, id uuid.UUID, unsafe bool) (Restored, error) {
	j, err := s.begin(ctx, "restore", "")
	if err != nil {
		return Restored{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	r, err := s.restore(ctx, j, id, unsafe)
	err = ended(ctx, err)
	j.end(ctx, id, err)
	return r, err
}

// restore is Restore within a job.
func (s *Service) restore(ctx context.Context, j *job, id uuid.UUID, unsafe bool) (Restored, error) {
	r := &restoring{s: s, job: j, unsafe: unsafe, Restored: Restored{ID: uuid.Must(uuid.NewV7()), Backup: id, Job: j.id, StartedAt: s.now()}}
	err := r.run(ctx)
	return r.Restored, err
}

// step is the work of one state.
type step struct {
	state State
	work  func(context.Context) error
}

func (r *restoring) run(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.close(ctx)
	if err := r.insert(ctx); err != nil {
		return err
	}
	steps := []step{
		{StateCheck, r.check}, {StateSafety, r.safety}, {StateLoad, r.load}, {StateVerify, r.verify}, {StateMigrate, r.migrate},
		{StateObjects, r.objects}, {StateFence, r.replace},
	}
	for _, step := range steps {
		err := r.enter(ctx, step.state)
		if err == nil {
			err = step.work(ctx)
		}
		if err != nil {
			return r.fail(ctx, err)
		}
	}
	return r.finish(ctx)
}

// open connects to the server of the live database as its owner.
func (r *restoring) open(ctx context.Context) (err error) {
	if r.s.o.OwnerURL == "" {
		return fmt.Errorf("%w: a restore makes and renames databases: name their owner in PAYAID_DATABASE_OWNER_URL", ErrRefused)
	}
	if r.live, err = databaseName(r.s.o.OwnerURL); err != nil {
		return err
	}
	if r.opsURL, err = withDatabase(r.s.o.OwnerURL, opsName(r.live)); err != nil {
		return err
	}
	if r.Copy == "" {
		r.Copy, r.Previous = copyPrefix(r.live)+tail(r.ID), previousPrefix(r.live)+tail(r.ID)
	}
	if r.sc, err = r.s.newScratch(r.s.o.OwnerURL, r.Copy, "the database server"); err != nil {
		return err
	}
	// Not in the live database: nobody may be there when it is renamed.
	if r.sc.admin, err = connect(ctx, r.opsURL); err != nil {
		return err
	}
	if err = maySwap(ctx, r.sc.admin); err != nil {
		_ = r.sc.admin.Close(ctx)
	}
	return err
}

// maySwap refuses a role that could not end the connections of the others.
func maySwap(ctx context.Context, q querier) error {
	var may bool
	if err := q.QueryRow(ctx, "SELECT pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AND rolcreatedb FROM pg_roles WHERE rolname = current_user").Scan(&may); err != nil {
		return fmt.Errorf("look at the role: %w", err)
	}
	if !may {
		return fmt.Errorf("%w: the role %s may not swap databases: as a superuser ALTER ROLE %s CREATEDB and GRANT pg_signal_backend TO %s", ErrRefused, db.RoleOwner, db.RoleOwner, db.RoleOwner)
	}
	return nil
}

// tail tells restores of one installation apart in names of databases.
func tail(id uuid.UUID) string { return id.String()[24:] }

// close drops the copy of a restore that failed. One that is live has another name.
func (r *restoring) close(ctx context.Context) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if r.State == StateFailed {
		if err := r.sc.drop(ctx, r.Copy); err != nil {
			r.s.o.Log.WarnContext(ctx, "the next backup job drops it", "err", err)
		}
	}
	_ = r.sc.admin.Close(ctx) // nothing is under way on it
}

// check refuses, before any work, what cannot be restored.
func (r *restoring) check(ctx context.Context) (err error) {
	if r.b, err = r.s.Get(ctx, r.Backup); err != nil {
		return err
	}
	if r.keys, err = r.s.identitiesFor(r.b); err != nil {
		return err
	}
	if err := knowsSchema(r.b.Manifest); err != nil {
		return err
	}
	for _, table := range ourTables {
		if _, ok := r.b.Tables[table]; !ok {
			return fmt.Errorf("%w: %w: %s", ErrRefused, errForeign, table)
		}
	}
	if _, err := r.sc.ready(ctx, r.b.Manifest); err != nil {
		return err
	}
	known, err := r.s.checkRoom(ctx, r.job, r.b.Manifest)
	if err != nil {
		return err
	}
	if !known {
		r.warn("it was not known whether the database server has room for the copy: name a directory on its disk in PAYAID_BACKUP_DATABASE_DIR where this process can see it")
	}
	if err := r.job.say(ctx, "reading %d bytes of the backup of %s", r.b.Bytes(), r.b.StartedAt.Format(time.RFC3339)); err != nil {
		return err
	}
	return r.s.verifyParts(ctx, r.b.Manifest)
}

func (r *restoring) warn(says string) { r.Report.Warnings = append(r.Report.Warnings, says) }

func (r *restoring) safety(ctx context.Context) error {
	if r.unsafe {
		r.warn("no safety backup was made, as it was asked for: what was live is in the database " + r.Previous + " alone")
		return r.job.say(ctx, "no safety backup is made, as it was asked for")
	}
	b, err := r.s.create(ctx, r.job, Safety)
	if err != nil {
		return fmt.Errorf("no safety backup could be made of the live database, so nothing was restored (where it is too broken for one: payaid backup restore --without-safety): %w", err)
	}
	r.Safety = b.ID
	return r.save(ctx)
}

func (r *restoring) load(ctx context.Context) error {
	_, err := r.s.loadCopy(ctx, r.job, r.b, r.keys, r.sc)
	return err
}

func (r *restoring) verify(ctx context.Context) error {
	if err := r.job.say(ctx, "comparing %d tables", len(r.b.Tables)); err != nil {
		return err
	}
	if says, err := otherCollation(ctx, r.sc, r.b.Manifest); err != nil {
		return err
	} else if says != "" {
		r.warn(says)
	}
	return compareCopy(ctx, r.sc.owner, r.b.Manifest)
}

func (r *restoring) migrate(ctx context.Context) error {
	if err := r.job.say(ctx, "every table and right is as it was; migrating the copy and asking it as the application"); err != nil {
		return err
	}
	if err := migrateCopy(ctx, r.sc.owner); err != nil {
		return err
	}
	return smoke(ctx, r.sc)
}

func (r *restoring) objects(ctx context.Context) error {
	if err := r.job.say(ctx, "looking for %d files", r.b.Files.Count); err != nil {
		return err
	}
	return r.s.checkObjects(ctx, r.b, r.keys)
}
