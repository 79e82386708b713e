package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/activity"
	"payaid/internal/apperr"
	"payaid/views/activities"
	"payaid/views/ui"
)

func (s *server) editActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	a, err := s.Activity.Activity(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	if !activity.MayChange(p, a) {
		return apperr.New(apperr.NoPermission, "You may see this activity but not change it: %s wrote it.", a.Author)
	}
	return s.showActivityForm(c, activities.FormProps{Activity: a, Values: activities.ValuesOf(a, p.Location()), Version: a.Version})
}

func (s *server) showActivityForm(c *fiber.Ctx, form activities.FormProps) error {
	form.CSRF, form.Dialog = mw.Token(c), respond.IsPartial(c)
	return show(c, activities.FormPage(s.frame(c, "Edit activity", "activities"), form), activities.Form(form))
}

func (s *server) updateActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	values := activityValues(c)
	in, err := activityInput(values, p.Location())
	if err == nil {
		patch := activity.Patch{Type: &in.Type, Subject: &in.Subject, Body: &in.Body, Outcome: &in.Outcome, Duration: &in.Duration, OccurredAt: in.OccurredAt}
		_, err = s.Activity.Update(c.UserContext(), p, id, patch, &version)
	}
	if err != nil {
		return s.refuseActivityForm(c, id, values, version, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/activities/"+id.String()+"?done=saved")
	}
	c.Set("HX-Trigger", "closeModal, "+activitiesChanged)
	c.Set("HX-Reswap", "none")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: "The activity was saved."}))
}

// refuseActivityForm shows the form again, with what was typed and why it was not
// taken; after a conflict a second press saves over what somebody else wrote.
func (s *server) refuseActivityForm(c *fiber.Ctx, id uuid.UUID, values activities.Values, version int64, err error) error {
	e := apperr.From(err)
	if !correctable(e) {
		return err
	}
	p, _ := mw.Principal(c)
	a, err := s.Activity.Activity(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	form := activities.FormProps{Activity: a, Values: values, Version: version, Errors: fieldErrors(e)}
	if e.Code == apperr.Conflict {
		form.Version = a.Version
	}
	c.Status(respond.Status(e.Code))
	return s.showActivityForm(c, form)
}

func (s *server) deleteActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Activity.Delete(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	onOwnPage := strings.HasSuffix(strings.TrimSuffix(c.Get("HX-Current-URL"), "?done=saved"), "/activities/"+id.String())
	if !respond.IsPartial(c) || onOwnPage {
		return leaveTo(c, "/activities?done=deleted&id="+id.String())
	}
	c.Set("HX-Trigger", activitiesChanged)
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: "The activity was deleted.", Undo: "/activities/" + id.String() + "/restore", CSRF: mw.Token(c)}))
}

func (s *server) restoreActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Activity.Restore(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/activities/"+id.String()+"?done=restored")
	}
	c.Set("HX-Trigger", activitiesChanged)
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: "The activity was restored."}))
}

func (s *server) commentActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Activity.AddComment(c.UserContext(), p, id, c.FormValue("comment")); err != nil {
		return err
	}
	return commented(c, id, "The comment was added.")
}

func (s *server) deleteComment(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	comment, err := uuid.Parse(c.Params("comment"))
	if err != nil {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	if _, err := s.Activity.DeleteComment(c.UserContext(), p, id, comment); err != nil {
		return err
	}
	return commented(c, id, "The comment was deleted.")
}

// commented answers a change of an activity's comments.
func commented(c *fiber.Ctx, id uuid.UUID, words string) error {
	if !respond.IsPartial(c) {
		return leaveTo(c, "/activities/"+id.String())
	}
	c.Set("HX-Trigger", activitiesChanged)
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: words}))
}

// formSubject reads which record the form is about.
func formSubject(c *fiber.Ctx) (contact, company *uuid.UUID, err error) {
	if contact, err = optionalID(c.FormValue("contactId"), "contactId", "There is no such contact."); err != nil {
		return nil, nil, err
	}
	company, err = optionalID(c.FormValue("companyId"), "companyId", "There is no such company.")
	return contact, company, err
}

func activityValues(c *fiber.Ctx) activities.Values {
	f := func(name string) string { return c.FormValue(name) }
	return activities.Values{Type: f("type"), Subject: f("subject"), Body: f("body"), Outcome: f("outcome"), Minutes: f("durationMinutes"), When: f("occurredAt")}
}

// activityInput reads the form; a time is one of the business's zone.
func activityInput(v activities.Values, zone *time.Location) (activity.Input, error) {
	in := activity.Input{Type: v.Type, Subject: v.Subject, Body: v.Body, Outcome: v.Outcome}
	var bad apperr.Fields
	if text := strings.TrimSpace(v.Minutes); text != "" {
		n, err := strconv.Atoi(text)
		bad.Check(err == nil, "durationMinutes", "Enter a whole number.")
		in.Duration = &n
	}
	if text := strings.TrimSpace(v.When); text != "" {
		at, err := time.ParseInLocation("2006-01-02T15:04", text, zone)
		bad.Check(err == nil, "occurredAt", "Enter a day and a time.")
		in.OccurredAt = &at
	}
	return in, bad.Err()
}
