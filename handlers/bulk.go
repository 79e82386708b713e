package handlers

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/ui"
)

// bulkStarted answers the start of a bulk action: its report where it has ended,
// else where it is followed. back is the list where there are no scripts.
func (s *server) bulkStarted(c *fiber.Ctx, run bulk.Run, back string) error {
	if !respond.IsPartial(c) {
		if run.Ended() && back != "" {
			return leaveTo(c, withNotice(back, "bulk", run.ID))
		}
		return leaveTo(c, list.RunURL(run))
	}
	changed(c, run.Entity)
	c.Set("HX-Reswap", "none")
	if run.Ended() {
		return s.reportBulk(c, run, nil)
	}
	waiting := list.RunProps{Run: run, InList: true}
	return respond.Render(c, partial("#"+list.Progress, list.Waiting(&waiting)))
}

// reportBulk tells in a toast how a bulk action ended. more goes with it.
func (s *server) reportBulk(c *fiber.Ctx, run bulk.Run, more templ.Component) error {
	toast, err := s.bulkOutcome(c, run)
	if err != nil {
		return err
	}
	parts := []templ.Component{ui.ToastPartial(toast)}
	if more != nil {
		parts = append(parts, more)
	}
	return respond.Render(c, templ.Join(parts...))
}

func (s *server) bulkOutcome(c *fiber.Ctx, run bulk.Run) (ui.ToastProps, error) {
	p, _ := mw.Principal(c)
	why := ""
	if run.Counts.Failed+run.Counts.Skipped > 0 {
		problems, err := s.Bulk.Problems(c.UserContext(), p, run.ID, 0)
		if err != nil {
			return ui.ToastProps{}, err
		}
		if len(problems) > 0 {
			why = problems[0].Reason
		}
	}
	return list.Outcome(run, why, mw.Token(c)), nil
}

// endedBulk is the bulk action that the address says was done before.
func endedBulk(c *fiber.Ctx) (uuid.UUID, bool) {
	id, err := uuid.Parse(c.Query("id"))
	return id, err == nil && c.Query("done") == "bulk"
}

// listNotice is the report of what was done before, nil for none.
func (s *server) listNotice(c *fiber.Ctx, l listed) (*ui.ToastProps, error) {
	id, ok := endedBulk(c)
	if !ok {
		return doneNotice(c, l.One, l.Path), nil
	}
	p, _ := mw.Principal(c)
	run, err := s.Bulk.Run(c.UserContext(), p, id)
	if err != nil {
		return nil, err
	}
	toast, err := s.bulkOutcome(c, run)
	return &toast, err
}

// showBulk is one bulk action: as a page, as what changes in it, and in a list as
// its report once it has ended.
func (s *server) showBulk(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	props, err := s.bulkProps(c.UserContext(), p, id, c.Query("in") == "list")
	if err != nil {
		return err
	}
	if props.InList && props.Run.Ended() && respond.IsPartial(c) {
		changed(c, props.Run.Entity)
		c.Set("HX-Reswap", "none")
		return s.reportBulk(c, props.Run, partial("#"+list.Progress, list.Waiting(nil)))
	}
	props.CSRF = mw.Token(c)
	return show(c, list.RunPage(s.frame(c, "Bulk action", props.Run.Entity), props), list.Live(props))
}

func (s *server) bulkProps(ctx context.Context, p auth.Principal, id uuid.UUID, inList bool) (list.RunProps, error) {
	run, err := s.Bulk.Run(ctx, p, id)
	props := list.RunProps{Run: run, InList: inList}
	if err != nil || inList || !run.Ended() {
		return props, err
	}
	props.Problems, err = s.Bulk.Problems(ctx, p, id, 0)
	return props, err
}

// followBulk sends the progress of a bulk action as server-sent events.
func (s *server) followBulk(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Bulk.Run(c.UserContext(), p, id); err != nil {
		return err
	}
	inList, token := c.Query("in") == "list", mw.Token(c)
	return s.follow(c, func(ctx context.Context) (moment, error) {
		props, err := s.bulkProps(ctx, p, id, inList)
		props.CSRF = token
		return moment{part: list.Live(props), ended: props.Run.Ended()}, err
	})
}

func (s *server) undoBulk(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	run, err := s.Bulk.Undo(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	return s.bulkStarted(c, run, "")
}

// selection reads which rows of a list were ticked, or that all that match were
// meant.
func selection(c *fiber.Ctx) ([]uuid.UUID, *bulk.Match, error) {
	if c.FormValue("all") != "" {
		return nil, &bulk.Match{Query: c.FormValue("q"), Filter: c.FormValue("filter")}, nil
	}
	var ids []uuid.UUID
	for _, text := range c.Context().PostArgs().PeekMulti("id") {
		id, err := uuid.ParseBytes(text)
		if err != nil {
			return nil, nil, apperr.New(apperr.InvalidInput, "The selection could not be read. Load the list again.")
		}
		ids = append(ids, id)
	}
	return ids, nil, nil
}

// postedList is the address of the list from whose page a form came.
func postedList(c *fiber.Ctx, l listed) string {
	return l.URL(list.Address{Text: c.FormValue("q"), Filter: c.FormValue("filter"), Sort: c.FormValue("sort"), View: c.FormValue("view")})
}

// aboutOne turns the refusal of a field into a sentence of its own, where there is
// no form to show it in.
func aboutOne(err error) error {
	e := apperr.From(err)
	if e.Code != apperr.Validation || len(e.Details) == 0 {
		return err
	}
	out := apperr.Wrap(err, apperr.Validation, "%s", e.Details[0].Message)
	out.Details = e.Details
	return out
}

// setList keeps how the list looks to whoever asks.
func (s *server) setList(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		in := crm.ListSettings{Density: c.FormValue("density")}
		in.PageSize, _ = strconv.Atoi(c.FormValue("size")) // anything else is refused as 0 is
		for _, column := range c.Context().PostArgs().PeekMulti("column") {
			in.Columns = append(in.Columns, string(column))
		}
		if view, err := uuid.Parse(c.FormValue("view")); err == nil {
			return s.setLook(c, l, view, in)
		}
		if _, err := s.CRM.SaveListSettings(c.UserContext(), p, l.Key, in); err != nil {
			return aboutOne(err)
		}
		return listChanged(c, l.Key, postedList(c, l))
	}
}

// setLook shows a list under its view with other columns, or another density: they
// are the view's, and stay in the address until it is saved. The size of a page is
// the person's own everywhere.
func (s *server) setLook(c *fiber.Ctx, l listed, view uuid.UUID, in crm.ListSettings) error {
	p, _ := mw.Principal(c)
	own, err := s.CRM.ListSettings(c.UserContext(), p, l.Key)
	if err != nil {
		return err
	}
	if own.PageSize != in.PageSize {
		own.PageSize = in.PageSize
		if _, err := s.CRM.SaveListSettings(c.UserContext(), p, l.Key, own); err != nil {
			return aboutOne(err)
		}
	}
	return leaveTo(c, l.URL(list.Address{
		Text: c.FormValue("q"), Filter: c.FormValue("filter"), Sort: c.FormValue("sort"), View: view.String(),
		Columns: strings.Join(in.Columns, ","), Density: in.Density,
	}))
}

// partial replaces the element of a page by a part.
func partial(target string, part templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Partial(target, "outerHTML").Render(templ.WithChildren(ctx, part), w)
	})
}

// changed lets the list of the entity load itself again, also when what asked is
// gone from the page by then.
func changed(c *fiber.Ctx, entity string) {
	c.Set("HX-Trigger", `{"`+entity+`Changed":{"target":"body"}}`)
}

// listChanged answers that the list of the entity looks different now.
func listChanged(c *fiber.Ctx, entity, back string) error {
	if !respond.IsPartial(c) {
		return leaveTo(c, back)
	}
	changed(c, entity)
	return c.SendStatus(fiber.StatusNoContent)
}

// withNotice adds to an address what was done, and to what.
func withNotice(address, done string, id uuid.UUID) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	return address + sep + "done=" + done + "&id=" + id.String()
}
