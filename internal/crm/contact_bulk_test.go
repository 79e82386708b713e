package crm_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// yard is a desk with bulk actions, whose jobs a test works itself.
type yard struct {
	*desk
	bulk *bulk.Service
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{desk: newDesk(t)}
	w := &change.Writer{DB: y.d.DB, Jobs: y.queue, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return y.now }}
	y.bulk = bulk.New(w, y.auth, y.BulkEntities())
	return y
}

// many makes n contacts of p's with different e-mails and returns their ids.
func (y *yard) many(t *testing.T, p auth.Principal, n int, prefix string) []uuid.UUID {
	t.Helper()
	y.d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, email, owner_id, created_at, updated_at)
		SELECT $1, gen_random_uuid(), $2 || i, $2 || i || '@bulk.test', $3, $4::timestamptz + i * interval '1 second', $4 FROM generate_series(1, $5::int) i`,
		y.tenant, prefix, p.UserID, y.now, n)
	return query[uuid.UUID](t, y.office, "SELECT id FROM contacts WHERE first_name ~ ('^' || $1 || '[0-9]+$') ORDER BY created_at", prefix)
}

func (y *yard) start(t *testing.T, p auth.Principal, in bulk.Input) bulk.Run {
	t.Helper()
	in.Entity = crm.EntityContacts
	run, err := y.bulk.Start(context.Background(), p, in)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return run
}

func bulkJob(p auth.Principal, id uuid.UUID) bulk.Args {
	a := p.Actor()
	return bulk.Args{TenantID: p.TenantID, RunID: id, ActorKind: a.Kind, ActorID: a.ID}
}

// finish works the run to its end.
func (y *yard) finish(t *testing.T, p auth.Principal, run bulk.Run) bulk.Run {
	t.Helper()
	for errors.Is(y.bulk.Work(context.Background(), bulkJob(p, run.ID), false), jobs.ErrMore) {
	}
	run, err := y.bulk.Run(context.Background(), p, run.ID)
	if err != nil || !run.Ended() {
		t.Fatalf("the run is %s: %s (%v)", run.Status, run.Message, err)
	}
	return run
}

func wantBulk(t *testing.T, what string, r bulk.Run, done, failed, skipped int64) {
	t.Helper()
	want := bulk.Counts{Total: done + failed + skipped, Done: done, Failed: failed, Skipped: skipped}
	if r.Status != jobs.Completed || r.Counts != want {
		t.Errorf("%s: %s with %+v, want %+v (%s)", what, r.Status, r.Counts, want, r.Message)
	}
}

func (y *yard) reasons(t *testing.T, r bulk.Run) []string {
	t.Helper()
	problems, err := y.bulk.Problems(context.Background(), y.admin, r.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = p.Outcome + ": " + p.Reason
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryBulkActionAndItsUndo(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	for action, c := range map[string]struct {
		value bulk.Value
		done  func(crm.Contact) bool
	}{
		crm.BulkAssign:     {bulk.Value{OwnerID: &y.zoya.UserID}, func(c crm.Contact) bool { return c.OwnerID != nil && *c.OwnerID == y.zoya.UserID }},
		crm.BulkAddTags:    {bulk.Value{Tags: []string{" VIP", "new  one"}}, func(c crm.Contact) bool { return slices.Equal(c.Tags, []string{"old", "vip", "new one"}) }},
		crm.BulkRemoveTags: {bulk.Value{Tags: []string{"Old"}}, func(c crm.Contact) bool { return len(c.Tags) == 0 }},
		crm.BulkStage:      {bulk.Value{Stage: "Customer"}, func(c crm.Contact) bool { return c.Stage == "customer" }},
		crm.BulkStatus:     {bulk.Value{Status: "lost"}, func(c crm.Contact) bool { return c.Status == "lost" }},
		crm.BulkDelete:     {bulk.Value{}, func(c crm.Contact) bool { return c.ID == uuid.Nil }},
	} {
		before := y.add(t, y.asha, crm.ContactInput{FirstName: "Meera", Tags: []string{"old"}, Company: "Saffron"})
		read := func() crm.Contact {
			c, err := y.Contact(ctx, y.admin, before.ID)
			if err != nil && !apperr.Is(err, apperr.NotFound) {
				t.Fatal(err)
			}
			return c
		}
		run := y.start(t, y.admin, bulk.Input{Action: action, Value: c.value, IDs: []uuid.UUID{before.ID, before.ID}})
		wantBulk(t, action, run, 1, 0, 0)
		if got := read(); !c.done(got) {
			t.Errorf("%s left %+v", action, got)
		}
		wantBulk(t, action+" again", y.start(t, y.admin, bulk.Input{Action: action, Value: c.value, IDs: []uuid.UUID{before.ID}}), 0, 0, 1)
		undone, err := y.bulk.Undo(ctx, y.admin, run.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantBulk(t, "undo of "+action, undone, 1, 0, 0)
		after := read()
		after.Version, after.UpdatedAt = before.Version, before.UpdatedAt
		if fmt.Sprintf("%+v", after.Tags) != fmt.Sprintf("%+v", before.Tags) || *after.OwnerID != *before.OwnerID || after.Stage != before.Stage || after.Status != before.Status || after.DeletedAt != nil {
			t.Errorf("undo of %s: %+v, want %+v", action, after, before)
		}
		again, err := y.bulk.Undo(ctx, y.admin, run.ID)
		if err != nil || again.ID != undone.ID {
			t.Errorf("a second press: %v %v", again.ID, err)
		}
		_, err = y.bulk.Undo(ctx, y.admin, undone.ID)
		wantCode(t, "an undo of an undo", err, apperr.BusinessRule)
		n := query[int64](t, y.office, "SELECT count(*) FROM audit_entries WHERE entity = 'contact' AND entity_id = $1", before.ID)
		if n[0] != 3 {
			t.Errorf("%s: %d entries in the audit log, want made, changed and put back", action, n[0])
		}
	}
}

func TestARestoreInBulkMeetsATakenEMail(t *testing.T) {
	y := newYard(t)
	ids := y.many(t, y.asha, 3, "r")
	wantBulk(t, "delete", y.start(t, y.admin, bulk.Input{Action: crm.BulkDelete, IDs: ids}), 3, 0, 0)
	y.add(t, y.asha, crm.ContactInput{FirstName: "Other", Email: "r2@bulk.test"})
	run := y.start(t, y.admin, bulk.Input{Action: crm.BulkRestore, IDs: append(ids, uuid.New())})
	wantBulk(t, "restore", run, 2, 1, 1)
	if got := strings.Join(y.reasons(t, run), "\n"); !strings.Contains(got, "failed: Another contact already has this e-mail address.") || !strings.Contains(got, "skipped: This contact does not exist") {
		t.Error(got)
	}
}

func TestBulkInputThatCannotBe(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	id := []uuid.UUID{uuid.New()}
	for name, c := range map[string]struct {
		p     auth.Principal
		in    bulk.Input
		code  apperr.Code
		field string
	}{
		"no such entity":     {y.admin, bulk.Input{Entity: "shoes", Action: crm.BulkDelete, IDs: id}, apperr.Validation, "entity"},
		"no such action":     {y.admin, bulk.Input{Action: "fold", IDs: id}, apperr.Validation, "action"},
		"nothing chosen":     {y.admin, bulk.Input{Action: crm.BulkDelete}, apperr.Validation, "ids"},
		"too many":           {y.admin, bulk.Input{Action: crm.BulkDelete, IDs: make([]uuid.UUID, bulk.MaxNamed+1)}, apperr.Validation, "ids"},
		"named and matched":  {y.admin, bulk.Input{Action: crm.BulkDelete, IDs: id, Match: &bulk.Match{}}, apperr.Validation, "ids"},
		"a stage":            {y.admin, bulk.Input{Action: crm.BulkStage, IDs: id, Value: bulk.Value{Stage: "friend"}}, apperr.Validation, "stage"},
		"a status":           {y.admin, bulk.Input{Action: crm.BulkStatus, IDs: id}, apperr.Validation, "status"},
		"no tags":            {y.admin, bulk.Input{Action: crm.BulkAddTags, IDs: id, Value: bulk.Value{Tags: []string{" "}}}, apperr.Validation, "tags"},
		"a long tag":         {y.admin, bulk.Input{Action: crm.BulkAddTags, IDs: id, Value: bulk.Value{Tags: []string{strings.Repeat("a", 51)}}}, apperr.Validation, "tags"},
		"no person":          {y.admin, bulk.Input{Action: crm.BulkAssign, IDs: id}, apperr.Validation, "ownerId"},
		"a stranger":         {y.admin, bulk.Input{Action: crm.BulkAssign, IDs: id, Value: bulk.Value{OwnerID: &y.out.UserID}}, apperr.Validation, "ownerId"},
		"a member to a mate": {y.asha, bulk.Input{Action: crm.BulkAssign, IDs: id, Value: bulk.Value{OwnerID: &y.ravi.UserID}}, apperr.Validation, "ownerId"},
		"a filter":           {y.admin, bulk.Input{Action: crm.BulkDelete, Match: &bulk.Match{Filter: "stage:friend"}}, apperr.InvalidInput, "filter"},
		"a restored filter":  {y.admin, bulk.Input{Action: crm.BulkRestore, Match: &bulk.Match{}}, apperr.Validation, "filter"},
		"without a right":    {auth.Principal{TenantID: y.tenant, UserID: uuid.New(), Role: "intern"}, bulk.Input{Action: crm.BulkDelete, IDs: id}, apperr.NoPermission, ""},
	} {
		if c.in.Entity == "" {
			c.in.Entity = crm.EntityContacts
		}
		_, err := y.bulk.Start(ctx, c.p, c.in)
		if e := apperr.From(err); err == nil || e.Code != c.code || c.field != "" && e.Field(c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := query[int64](t, y.office, "SELECT count(*) FROM bulk_runs"); n[0] != 0 {
		t.Errorf("%d runs", n[0])
	}
}

// TestBulkKeepsToTheScope: what one write may not change, many may not.
func TestBulkKeepsToTheScope(t *testing.T) {
	y := newYard(t)
	ids := map[string][]uuid.UUID{}
	for name, p := range map[string]auth.Principal{"asha": y.asha, "ravi": y.ravi, "zoya": y.zoya} {
		ids[name] = y.many(t, p, 2, name)
	}
	all := slices.Concat(ids["asha"], ids["ravi"], ids["zoya"])
	run := y.start(t, y.asha, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, IDs: all})
	wantBulk(t, "a member", run, 2, 0, 4)
	if got := strings.Join(y.reasons(t, run), "\n"); !strings.Contains(got, "You may see this contact but not change it. Ask its owner, Ravi.") || !strings.Contains(got, "This contact does not exist, or you may not see it.") {
		t.Error(got)
	}
	wantBulk(t, "another firm", y.start(t, y.out, bulk.Input{Action: crm.BulkDelete, IDs: all}), 0, 0, 6)
	matched := y.finish(t, y.asha, y.start(t, y.asha, bulk.Input{Action: crm.BulkStatus, Value: bulk.Value{Status: "lost"}, Match: &bulk.Match{}}))
	wantBulk(t, "all that a member sees", matched, 2, 0, 2)
	stages := query[string](t, y.office, "SELECT DISTINCT u.name || ' ' || c.stage || ' ' || c.status FROM contacts c JOIN users u ON u.id = c.owner_id ORDER BY 1")
	if fmt.Sprint(stages) != "[Asha customer lost Ravi prospect active Zoya prospect active]" {
		t.Error(stages)
	}
	for name, p := range map[string]auth.Principal{"a mate": y.ravi, "another firm": y.out} {
		_, err := y.bulk.Run(t.Context(), p, run.ID)
		wantCode(t, name+" looks at the run", err, apperr.NotFound)
		_, err = y.bulk.Undo(t.Context(), p, run.ID)
		wantCode(t, name+" undoes the run", err, apperr.NotFound)
	}
}

func TestAllThatMatchIsFixedBeforeAnythingChanges(t *testing.T) {
	y := newYard(t)
	y.many(t, y.asha, 2_300, "m")
	y.add(t, y.asha, crm.ContactInput{FirstName: "Left alone", Stage: "customer"})
	run := y.start(t, y.admin, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "contact"}, Match: &bulk.Match{Query: "bulk.test", Filter: "stage:prospect"}})
	if run.Status != jobs.Queued {
		t.Errorf("a run over all that match is %s at once", run.Status)
	}
	run = y.finish(t, y.admin, run)
	wantBulk(t, "2,300 contacts", run, 2300, 0, 0)
	told := query[string](t, y.office, "SELECT title FROM notifications WHERE id = $1", run.ID)
	if fmt.Sprint(told) != "[2300 of 2300 contacts changed.]" {
		t.Error(told)
	}
	undone, err := y.bulk.Undo(t.Context(), y.admin, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantBulk(t, "its undo", y.finish(t, y.admin, undone), 2300, 0, 0)
	if n := query[int64](t, y.office, "SELECT count(*) FROM contacts WHERE stage = 'prospect' AND version = 3"); n[0] != 2300 {
		t.Errorf("%d contacts are as before", n[0])
	}
}

func TestAKilledBulkRunGoesOnWhereItWas(t *testing.T) {
	y := newYard(t)
	y.many(t, y.asha, 1_500, "k")
	run := y.start(t, y.admin, bulk.Input{Action: crm.BulkAddTags, Value: bulk.Value{Tags: []string{"vip"}}, Match: &bulk.Match{}})
	kills := 0
	for {
		ctx, kill := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(kills+1)*150*time.Millisecond, kill) // longer each time, for a busy machine
		err := y.bulk.Work(ctx, bulkJob(y.admin, run.ID), false)
		kill()
		if err == nil {
			break
		}
		if !errors.Is(err, jobs.ErrMore) {
			t.Fatalf("a killed run answers %v", err)
		}
		kills++
	}
	run, err := y.bulk.Run(t.Context(), y.admin, run.ID)
	if err != nil || kills < 2 {
		t.Fatalf("%d kills (%v)", kills, err)
	}
	wantBulk(t, "after kills", run, 1500, 0, 0)
	if n := query[int64](t, y.office, "SELECT count(*) FROM contacts WHERE version = 2 AND tags = '{vip}'"); n[0] != 1500 {
		t.Errorf("%d contacts were changed once", n[0])
	}
	if n := query[int64](t, y.office, "SELECT count(*) FROM audit_entries WHERE action = 'contact.update'"); n[0] != 1500 {
		t.Errorf("%d entries in the audit log", n[0])
	}
	if err := y.bulk.Work(t.Context(), bulkJob(y.admin, run.ID), false); err != nil {
		t.Errorf("a job delivered again after its end: %v", err)
	}
}

func TestTwoWorkersAndTwoRunsOverTheSameContacts(t *testing.T) {
	y := newYard(t)
	ids := y.many(t, y.asha, 600, "w")
	slices.Reverse(ids)
	tags := y.start(t, y.admin, bulk.Input{Action: crm.BulkAddTags, Value: bulk.Value{Tags: []string{"vip"}}, IDs: ids})
	stage := y.start(t, y.admin, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, Match: &bulk.Match{}})
	ends := make(chan error)
	for _, id := range []uuid.UUID{tags.ID, tags.ID, stage.ID, stage.ID} {
		go func() {
			err := jobs.ErrMore
			for errors.Is(err, jobs.ErrMore) {
				err = y.bulk.Work(context.Background(), bulkJob(y.admin, id), false)
			}
			ends <- err
		}()
	}
	for range 4 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	wantBulk(t, "tags", y.finish(t, y.admin, tags), 600, 0, 0)
	wantBulk(t, "stages", y.finish(t, y.admin, stage), 600, 0, 0)
	if n := query[int64](t, y.office, "SELECT count(*) FROM contacts WHERE version = 3 AND tags = '{vip}' AND stage = 'customer'"); n[0] != 600 {
		t.Errorf("%d contacts have both", n[0])
	}
}

func TestUndoSparesWhatWasEditedSince(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	ids := y.many(t, y.asha, 4, "u")
	run := y.start(t, y.admin, bulk.Input{Action: crm.BulkAssign, Value: bulk.Value{OwnerID: ptr(uuid.Nil)}, IDs: ids})
	wantBulk(t, "assign to nobody", run, 4, 0, 0)
	if _, err := y.UpdateContact(ctx, y.admin, ids[0], crm.ContactPatch{Notes: ptr("mine")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := y.DeleteContact(ctx, y.admin, ids[1], nil); err != nil {
		t.Fatal(err)
	}
	undone, err := y.bulk.Undo(ctx, y.admin, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantBulk(t, "undo", undone, 2, 0, 2)
	if got := y.reasons(t, undone); len(got) != 1 || !strings.Contains(got[0], "skipped: Somebody changed this contact") {
		t.Error(got)
	}
	old := y.start(t, y.admin, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, IDs: ids})
	y.now = y.now.Add(8 * 24 * time.Hour)
	_, err = y.bulk.Undo(ctx, y.admin, old.ID)
	wantCode(t, "an undo after 8 days", err, apperr.BusinessRule)
	y.now = y.now.Add(23 * 24 * time.Hour)
	if err := y.bulk.Purge(ctx, bulk.PurgeArgs{}, false); err != nil {
		t.Fatal(err)
	}
	if n := query[int64](t, y.office, "SELECT count(*) FROM bulk_items"); n[0] != 0 {
		t.Errorf("%d items are kept", n[0])
	}
}

func TestABulkRunWithoutItsPersonSaysSo(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	y.many(t, y.asha, 60, "g")
	run := y.start(t, y.asha, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, Match: &bulk.Match{}})
	y.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", y.asha.UserID)
	if err := y.bulk.Work(ctx, bulkJob(y.asha, run.ID), false); err != nil {
		t.Fatal(err)
	}
	got, err := y.bulk.Run(ctx, y.admin, run.ID)
	if err != nil || got.Status != jobs.Failed || !strings.Contains(got.Message, "no longer works here") {
		t.Errorf("%s: %q (%v)", got.Status, got.Message, err)
	}
	y.d.OwnerExec(t, "ALTER TABLE contacts RENAME COLUMN notes TO remarks")
	run = y.start(t, y.admin, bulk.Input{Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, Match: &bulk.Match{}})
	if err := y.bulk.Work(ctx, bulkJob(y.admin, run.ID), false); err == nil {
		t.Error("a failed run must be tried again")
	}
	if err := y.bulk.Work(ctx, bulkJob(y.admin, run.ID), true); err == nil {
		t.Error("the last failure must be logged too")
	}
	if got, err = y.bulk.Run(ctx, y.admin, run.ID); err != nil || got.Status != jobs.Failed || !strings.Contains(got.Message, "on our side") {
		t.Errorf("%s: %q (%v)", got.Status, got.Message, err)
	}
}

func TestARepeatedRequestStartsOneRun(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	p := y.admin
	p.Request.IdempotencyKey = "once"
	in := bulk.Input{Entity: crm.EntityContacts, Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, IDs: y.many(t, y.asha, 2, "i")}
	one, err := y.bulk.Start(ctx, p, in)
	if err != nil {
		t.Fatal(err)
	}
	two, err := y.bulk.Start(ctx, p, in)
	if err != nil || one.ID != two.ID {
		t.Errorf("%v and %v (%v)", one.ID, two.ID, err)
	}
	wantBulk(t, "twice", two, 2, 0, 0)
	in.Value.Stage = "contact"
	_, err = y.bulk.Start(ctx, p, in)
	wantCode(t, "another request under the key", err, apperr.Validation)
}
