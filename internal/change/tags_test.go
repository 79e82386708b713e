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
		if n := w.count(t, "cache_outbox WHERE id = $1 AND tenant_id = $2 AND tags = '{team,team:list}'", w.tags.markedBy, w.tenant); n != 1 {
			t.Errorf("%d outbox rows: a process killed here would leave stale values", n)
		}
	}
	if err := w.createTeam(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.tags.want(t, "mark team,team:list", "end team,team:list")
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
	w.tags.want(t, "mark team,team:list", "end team,team:list")
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
	if !slices.Equal(w.tags.calls, []string{"mark team,team:list", "end team,team:list"}) {
		t.Errorf("the tagger was asked %q", w.tags.calls)
	}
}
