package handlers

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/jobs"
	"payaid/views/admin"
	"payaid/views/ui"
)

func (s *server) listJobs(c *fiber.Ctx) error {
	f, err := jobFilter(c.Query)
	if err != nil {
		return err
	}
	props, err := s.jobsProps(c, f)
	if err != nil {
		return err
	}
	if c.Query("live") == "" { // what the page asks for by itself is no place to go back to
		pushURL(c, admin.JobsURL(f))
	}
	return show(c, admin.JobsPage(s.frame(c, "Background jobs", "admin-jobs"), props), admin.JobsResults(props))
}

func (s *server) jobsProps(c *fiber.Ctx, f jobs.Filter) (admin.JobsProps, error) {
	p, _ := mw.Principal(c)
	page, err := s.Platform.Jobs(c.UserContext(), p, f)
	return admin.JobsProps{Filter: f, Page: page, CSRF: mw.Token(c)}, err
}

// jobFilter reads the filter of the list from an address or a form.
func jobFilter(value func(string, ...string) string) (jobs.Filter, error) {
	f := jobs.Filter{State: value("state"), Kind: value("kind")}
	var refused apperr.Fields
	refused.Check(f.State == "" || slices.Contains(jobs.States, f.State), "state", "Choose one of the states.")
	for name, to := range map[string]*int64{"before": &f.Before, "after": &f.After} {
		text := value(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		refused.Check(err == nil && n > 0, name, "This page of the list does not exist. Start again from the first page.")
		*to = n
	}
	return f, refused.Err()
}

func (s *server) retryJob(c *fiber.Ctx) error {
	return s.touchJob(c, s.Platform.RetryJob, "The job starts again.")
}

func (s *server) cancelJob(c *fiber.Ctx) error {
	return s.touchJob(c, s.Platform.CancelJob, "The job is being stopped.")
}

// touchJob does something to the job of the address and shows the list again, as
// it was filtered.
func (s *server) touchJob(c *fiber.Ctx, do func(ctx context.Context, p auth.Principal, id int64) error, done string) error {
	p, _ := mw.Principal(c)
	id, err := strconv.ParseInt(c.Params("job"), 10, 64)
	if err != nil {
		return apperr.New(apperr.NotFound, "This job does not exist any more.")
	}
	back, err := url.ParseQuery(c.FormValue("list"))
	if err != nil {
		back = url.Values{}
	}
	f, err := jobFilter(func(name string, _ ...string) string { return back.Get(name) })
	if err != nil {
		return err
	}
	if err := do(c.UserContext(), p, id); err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, admin.JobsURL(f))
	}
	props, err := s.jobsProps(c, f)
	if err != nil {
		return err
	}
	return respond.Render(c, admin.JobsChanged(props, ui.ToastProps{Kind: ui.ToastSuccess, Title: done}))
}
