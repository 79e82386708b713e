package change_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/change"
)

func (w *world) createTeam(ctx context.Context) error {
	_, err := change.Do(ctx, w.Writer, w.actor(""), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		return w.addTeam(ctx, tx, "Sales")
	})
	return err
}

func TestTagsAreMarkedBeforeTheCommitAndEndedAfterIt(t *testing.T) {
	w := newWorld(t)
	w.tags.onMark = func() {
		if n := w.count(t, "teams"); n != 0 {
			t.Error("the row could be read before its tags were marked")
		}
	}
	w.tags.onEnd = func() {
		if n := w.count(t, "teams"); n != 1 {
			t.Error("the tags were ended before the row could be read: readers would keep the old value")
		}
		if n := w.count(t, "cache_outbox WHERE id = $1 AND tenant_id = $2 AND tags @> '{search,team:list}'", w.tags.markedBy, w.tenant); n != 1 {
			t.Errorf("%d outbox rows: a process killed here would leave stale values", n)
		}
	}
	if err := w.createTeam(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.tags.want(t, "mark search,team:list,team:<id>", "end search,team:list,team:<id>")
	if w.tags.markedBy != w.tags.endedBy || w.tags.markedBy == uuid.Nil {
		t.Errorf("marked by %s, ended by %s", w.tags.markedBy, w.tags.endedBy)
	}
	if n := w.count(t, "cache_outbox"); n != 0 {
		t.Errorf("%d outbox rows are left", n)
	}
}

func TestTagsThatCannotBeEndedStayInTheOutbox(t *testing.T) {
	w := newWorld(t)
	w.tags.endErr = errors.New("the cache is away")
	if err := w.createTeam(context.Background()); err != nil {
		t.Errorf("the write is committed, but the caller reads %v", err)
	}
	if n := w.count(t, "cache_outbox"); n != 1 || w.count(t, "teams") != 1 {
		t.Errorf("%d outbox rows, want 1", n)
	}
}

func TestTagsAreEndedAlsoWhenTheCallerIsGone(t *testing.T) {
	w := newWorld(t)
	ctx, leave := context.WithCancel(context.Background())
	w.tags.onEnd = leave // as late as possible: the outbox row is still to be deleted
	if err := w.createTeam(ctx); err != nil {
		t.Fatal(err)
	}
	w.tags.want(t, "mark search,team:list,team:<id>", "end search,team:list,team:<id>")
	if n := w.count(t, "cache_outbox"); n != 0 {
		t.Errorf("%d outbox rows are left", n)
	}
}

func TestAWriteWithoutTagsAsksNothing(t *testing.T) {
	w := newWorld(t)
	_, err := change.Do(context.Background(), w.Writer, w.actor(""), "x", nil, func(context.Context, *change.Tx) (int, error) { return 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	w.tags.want(t)
	w.Tags = nil
	if err := w.createTeam(context.Background()); err != nil {
		t.Errorf("without a cache: %v", err)
	}
	if n := w.count(t, "cache_outbox"); n != 0 {
		t.Errorf("%d outbox rows although there is no cache", n)
	}
}

// Who records what happened cannot forget the tags of the record.
func TestRecordNamesTheTagsOfTheRecord(t *testing.T) {
	w := newWorld(t)
	id, other := uuid.New(), uuid.New()
	for name, c := range map[string]struct {
		actor change.Actor
		event change.Event
		extra func(tx *change.Tx)
		calls []string
	}{
		"a record":               {w.actor(""), change.Event{Action: "x.create", Entity: "x", EntityID: id}, nil, []string{"mark x:<id>,x:list", "end x:<id>,x:list"}},
		"what is only noted":     {w.actor(""), change.Event{Action: "x.export", Entity: "x", EntityID: id, Note: true}, nil, nil},
		"of no tenant":           {change.Actor{Kind: change.ActorSystem, Name: "Test"}, change.Event{Action: "x.create", Entity: "x", EntityID: id}, nil, nil},
		"also of another tenant": {w.actor(""), change.Event{Action: "x.export", Entity: "x", EntityID: id, Note: true}, func(tx *change.Tx) { tx.TagIn(other, "y"); tx.TagIn(uuid.Nil, "z"); tx.Tag("q") }, []string{"mark y", "mark q", "end y", "end q"}},
	} {
		w.tags.calls = nil
		_, err := change.Do(context.Background(), w.Writer, c.actor, c.event.Action, nil, func(ctx context.Context, tx *change.Tx) (int, error) {
			if c.extra != nil {
				c.extra(tx)
			}
			return 1, tx.Record(ctx, c.event)
		})
		if err != nil || !slices.Equal(w.tags.calls, c.calls) {
			t.Errorf("%s: %v, the tagger was asked %q, want %q", name, err, w.tags.calls, c.calls)
		}
	}
	if n := w.count(t, "cache_outbox"); n != 0 {
		t.Errorf("%d outbox rows are left", n)
	}
}

func TestAWriteThatCannotBeMarkedIsNotCommitted(t *testing.T) {
	w := newWorld(t)
	w.tags.markErr = errors.New("neither marked nor switched off")
	if err := w.createTeam(context.Background()); err == nil {
		t.Error("the write was answered although readers may go on with old values")
	}
	if n := w.count(t, "teams"); n != 0 {
		t.Errorf("%d teams", n)
	}
}

func TestAReplayEndsNoTags(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		_, err := change.Do(context.Background(), w.Writer, w.actor("k"), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
			return w.addTeam(ctx, tx, "Sales")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(w.tags.calls, []string{"mark search,team:list,team:<id>", "end search,team:list,team:<id>"}) {
		t.Errorf("the tagger was asked %q", w.tags.calls)
	}
}
