package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

func TestARunEndsAsItsErrorSays(t *testing.T) {
	d := dbtest.New(t)
	acme := addTenant(t, d, "acme")
	broken := errors.New("the disk is on fire")
	gone, leave := context.WithCancel(t.Context())
	leave()
	late, over := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer over()
	for name, c := range map[string]struct {
		ctx             context.Context
		err             error
		last            bool
		want            error
		status, message string
		told            []string
	}{
		"done":                        {t.Context(), nil, false, nil, jobs.Completed, "said ", []string{""}},
		"stopped":                     {t.Context(), jobs.Stop("The file is gone."), false, nil, jobs.Failed, "said The file is gone.", []string{"The file is gone."}},
		"more":                        {t.Context(), jobs.ErrMore, true, jobs.ErrMore, jobs.Queued, "", nil},
		"tried again":                 {t.Context(), broken, false, broken, jobs.Queued, "", nil},
		"tried no more":               {t.Context(), broken, true, broken, jobs.Failed, "said ours", []string{"ours"}},
		"tried no more and too late":  {late, broken, true, broken, jobs.Failed, "said ours", []string{"ours"}},
		"the process goes down":       {gone, broken, true, jobs.ErrMore, jobs.Queued, "", nil},
		"the process goes down, done": {gone, context.Canceled, false, jobs.ErrMore, jobs.Queued, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			id := create(t.Context(), t, d.DB, acme, nil)
			var told []string
			err := jobs.NewReporter(d.DB, time.Now, acme, id).Finish(c.ctx, c.err, jobs.Ending{
				Last: c.last, Ours: "ours",
				Tell: func(ctx context.Context, problem string) (string, error) {
					told = append(told, problem)
					return "said " + problem, ctx.Err()
				},
			})
			if !errors.Is(err, c.want) || (err != nil) != (c.want != nil) {
				t.Errorf("it returns %v, want %v", err, c.want)
			}
			p, err := jobs.GetProgress(t.Context(), d.DB, acme, id)
			if err != nil || p.Status != c.status || p.Message != c.message || len(told) != len(c.told) || len(told) > 0 && told[0] != c.told[0] {
				t.Errorf("%s with %q, told %q (%v)", p.Status, p.Message, told, err)
			}
		})
	}
}
