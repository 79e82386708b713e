package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/record"
	"payaid/views/ui"
)

// delete moves a record to the trash and leads back to the list that it was opened
// from.
func (r recordPages[T, I, P]) delete(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	at, _, err := fromList(c)
	if err != nil {
		return err
	}
	if _, err := r.Delete(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	to := r.URL(at)
	if strings.Contains(to, "?") {
		return leaveTo(c, to+"&done=deleted&id="+id.String())
	}
	return leaveTo(c, to+"?done=deleted&id="+id.String())
}

func (r recordPages[T, I, P]) listTrash(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := r.Trash(c.UserContext(), p, c.Query("cursor"), 0)
	if err != nil {
		return err
	}
	props := record.TrashProps{Entity: r.entity, Prev: page.Prev, Next: page.Next, CSRF: mw.Token(c)}
	for _, one := range page.Items {
		h := one.Head()
		props.Rows = append(props.Rows, record.TrashRow{ID: h.ID, Name: h.Name, Note: r.note(one), Owner: h.Owner, DeletedAt: *h.DeletedAt})
	}
	frame := r.frame(c, "Trash · "+r.entity.Title, r.Key)
	frame.Notice = doneNotice(c, r.entity.One, r.entity.Path)
	return show(c, record.TrashPage(frame, props), record.Trash(props))
}

// restore takes a record out of the trash, with another value of what has to be
// unique where the form names one.
func (r recordPages[T, I, P]) restore(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	value, chosen := c.FormValue(r.entity.Unique), c.Request().PostArgs().Has(r.entity.Unique)
	if c.FormValue("without") == r.entity.Unique {
		value = ""
	}
	restored, err := r.restoreAs(c, p, id, value, chosen)
	switch e := apperr.From(err); {
	case err == nil:
	case chosen && (e.Code == apperr.AlreadyExists || e.Code == apperr.Validation):
		c.Status(respond.Status(e.Code))
		return r.showTaken(c, id, value, respond.Sentence(e))
	case e.Code == apperr.AlreadyExists:
		return leaveTo(c, r.entity.URL(id)+"/restore")
	default:
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, r.entity.URL(id)+"?done=restored")
	}
	c.Set("HX-Trigger", r.changed)
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: restored.Head().Name + " was restored."}))
}

func (r recordPages[T, I, P]) restoreAs(c *fiber.Ctx, p auth.Principal, id uuid.UUID, value string, chosen bool) (T, error) {
	if !chosen {
		return r.Restore(c.UserContext(), p, id, nil)
	}
	patch, err := r.patch(record.Values{r.entity.Unique: value})
	if err != nil {
		var none T
		return none, err
	}
	return r.RestoreAs(c.UserContext(), p, id, patch)
}

// showRestore asks how a record is to be restored of which something is taken.
func (r recordPages[T, I, P]) showRestore(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return r.showTaken(c, id, "", "")
}

func (r recordPages[T, I, P]) showTaken(c *fiber.Ctx, id uuid.UUID, typed, message string) error {
	p, _ := mw.Principal(c)
	of, err := r.Deleted(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	has := r.values(of)
	found, err := r.duplicates(c, record.Asks(func(name string) string {
		if name == r.entity.Unique {
			return has[name]
		}
		return ""
	}))
	if err != nil {
		return err
	}
	props := record.RestoreProps{Entity: r.entity, ID: id, Name: of.Head().Name, Value: typed, Error: message, Doubles: found, CSRF: mw.Token(c)}
	return respond.Render(c, record.RestorePage(r.frame(c, "Restore "+props.Name, r.Key), props))
}
