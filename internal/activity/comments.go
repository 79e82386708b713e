package activity

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// MaxComments is how many comments one activity can have.
const MaxComments = 100

const (
	entityComment = "activity_comment"
	maxComment    = 2000
)

// Comment is what a colleague says about an activity.
type Comment struct {
	ID         uuid.UUID  `json:"id"`
	ActivityID uuid.UUID  `json:"activityId"`
	Body       string     `json:"body"`
	AuthorID   *uuid.UUID `json:"authorId"`
	Author     string     `json:"author"`
	CreatedAt  time.Time  `json:"createdAt"`
}

// MayDeleteComment reports whether the principal may take the comment away: its
// author, and administrators.
func MayDeleteComment(p auth.Principal, c Comment) bool {
	mine := c.AuthorID != nil && *c.AuthorID == p.UserID
	return p.Can(auth.ActivitiesWrite) && (mine || p.WriteScope() == auth.ScopeAll)
}

// AddComment comments an activity that the principal sees. Whoever is mentioned in
// it is told.
func (s *Service) AddComment(ctx context.Context, p auth.Principal, activity uuid.UUID, body string) (Comment, error) {
	if err := p.Require(auth.ActivitiesWrite); err != nil {
		return Comment{}, err
	}
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
	var f apperr.Fields
	f.Check(body != "", "comment", "Write the comment.")
	f.Check(utf8.RuneCountInString(body) <= maxComment && storable(body), "comment", "Use at most 2,000 characters.")
	if err := f.Err(); err != nil {
		return Comment{}, err
	}
	input := struct {
		ID   uuid.UUID
		Body string
	}{activity, body}
	return change.Do(ctx, s.write, p.Actor(), "activity.comment", input, func(ctx context.Context, tx *change.Tx) (Comment, error) {
		about, err := s.lockForComment(ctx, tx, p, activity)
		if err != nil {
			return Comment{}, err
		}
		id := uuid.Must(uuid.NewV7())
		err = tx.Q.InsertActivityComment(ctx, db.InsertActivityCommentParams{
			TenantID: p.TenantID, ID: id, ActivityID: activity, Body: body, AuthorID: p.User(), AuthorName: p.Name, Now: tx.Now,
		})
		if err != nil {
			return Comment{}, fmt.Errorf("save the comment: %w", err)
		}
		c := Comment{ID: id, ActivityID: activity, Body: body, AuthorID: p.User(), Author: p.Name, CreatedAt: tx.Now}
		if err := tx.Record(ctx, change.Event{Action: "activity.comment", Entity: entityComment, EntityID: id, After: c}); err != nil {
			return Comment{}, err
		}
		return c, s.tellMentioned(ctx, tx, p, about, body, "")
	})
}

// lockForComment holds the activity, so that its comments are counted one after the
// other.
func (s *Service) lockForComment(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID) (Activity, error) {
	if _, err := tx.Q.LockActivity(ctx, db.LockActivityParams{TenantID: p.TenantID, ID: id}); err != nil && !db.IsNoRows(err) {
		return Activity{}, fmt.Errorf("lock activity %s: %w", id, err)
	}
	a, err := read(ctx, tx.Q, p, id)
	if err != nil {
		return Activity{}, err
	}
	if a.DeletedAt != nil {
		return Activity{}, errNone()
	}
	n, err := tx.Q.CountActivityComments(ctx, db.CountActivityCommentsParams{TenantID: p.TenantID, ActivityID: id})
	if err != nil {
		return Activity{}, fmt.Errorf("count comments: %w", err)
	}
	if n >= MaxComments {
		return Activity{}, apperr.New(apperr.BusinessRule, "An activity has at most %d comments. Log a note instead.", MaxComments)
	}
	return a, nil
}

// DeleteComment takes a comment away for ever and returns it as it was.
func (s *Service) DeleteComment(ctx context.Context, p auth.Principal, activity, id uuid.UUID) (Comment, error) {
	if err := p.Require(auth.ActivitiesWrite); err != nil {
		return Comment{}, err
	}
	input := struct{ Activity, ID uuid.UUID }{activity, id}
	return change.Do(ctx, s.write, p.Actor(), "activity.uncomment", input, func(ctx context.Context, tx *change.Tx) (Comment, error) {
		if _, err := read(ctx, tx.Q, p, activity); err != nil {
			return Comment{}, err
		}
		row, err := tx.Q.GetActivityComment(ctx, db.GetActivityCommentParams{TenantID: p.TenantID, ID: id, ActivityID: activity})
		if db.IsNoRows(err) {
			return Comment{}, apperr.New(apperr.NotFound, "This comment does not exist any more.")
		}
		if err != nil {
			return Comment{}, fmt.Errorf("get the comment: %w", err)
		}
		c := Comment(row)
		if !MayDeleteComment(p, c) {
			return Comment{}, apperr.New(apperr.NoPermission, "You may not delete this comment: %s wrote it.", c.Author)
		}
		if err := tx.Q.DeleteActivityComment(ctx, db.DeleteActivityCommentParams{TenantID: p.TenantID, ID: id}); err != nil {
			return Comment{}, fmt.Errorf("delete the comment: %w", err)
		}
		return c, tx.Record(ctx, change.Event{Action: "activity.uncomment", Entity: entityComment, EntityID: id, Before: c})
	})
}

// addComments adds to each activity what was said about it, by one query.
func (s *Service) addComments(ctx context.Context, p auth.Principal, of []Activity) error {
	if len(of) == 0 {
		return nil
	}
	ids, at := make([]uuid.UUID, len(of)), map[uuid.UUID]int{}
	for i, a := range of {
		ids[i], at[a.ID] = a.ID, i
	}
	rows, err := s.db.Tenant(p.TenantID).ListActivityComments(ctx, db.ListActivityCommentsParams{TenantID: p.TenantID, Activities: ids})
	if err != nil {
		return fmt.Errorf("list comments: %w", err)
	}
	for _, r := range rows {
		i := at[r.ActivityID]
		of[i].Comments = append(of[i].Comments, Comment(r))
	}
	return nil
}
