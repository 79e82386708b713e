package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/record"
)

// editField opens the editor of one field, or gives back its value. Without htmx it
// leads to the form.
func (r recordPages[T, I, P]) editField(c *fiber.Ctx) error {
	field, ok := r.entity.Find(c.Params("field"))
	if !ok {
		return errNothingHere()
	}
	of, props, err := r.open(c)
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, record.With(props.Base()+"/edit?field="+field.Name, props.Kept))
	}
	if c.Query("show") == "value" {
		return respond.Render(c, record.Shown(props, field.Name, r.value(props, of, field.Name)))
	}
	if !props.MayChange {
		return r.errNotToChange()
	}
	return r.showEditor(c, props.Head.ID, record.EditorProps{FactProps: record.FactProps{Field: field}, Value: r.values(of)[field.Name], Version: props.Head.Version})
}

// showEditor adds what there is to choose from.
func (r recordPages[T, I, P]) showEditor(c *fiber.Ctx, id uuid.UUID, e record.EditorProps) error {
	p, _ := mw.Principal(c)
	e.Base, e.Kept, e.CSRF = r.entity.URL(id), keptList(c), mw.Token(c)
	if e.Name == "ownerId" {
		var err error
		if e.Options, err = r.ownerOptions(c, p, true); err != nil {
			return err
		}
	}
	return respond.Render(c, record.Editor(e))
}

// updateField saves one field.
func (r recordPages[T, I, P]) updateField(c *fiber.Ctx) error {
	field, ok := r.entity.Find(c.Params("field"))
	if !ok {
		return errNothingHere()
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	value, _ := sentField(c, field)
	if r.quick != nil {
		if chosen, ok := r.quick(r.server, c, field); ok {
			value = chosen
		}
	}
	return r.saveField(c, id, record.EditorProps{FactProps: record.FactProps{Field: field}, Value: value, Version: version})
}

func (r recordPages[T, I, P]) saveField(c *fiber.Ctx, id uuid.UUID, e record.EditorProps) error {
	p, _ := mw.Principal(c)
	alone := record.Values{e.Name: e.Value}
	patch, err := r.patch(alone)
	if err != nil {
		return r.refuseField(c, id, e, err)
	}
	found, warn, err := r.unaccepted(c, alone, id)
	if err != nil {
		return err
	}
	if warn && respond.IsPartial(c) {
		e.Doubles = found
		c.Status(fiber.StatusConflict)
		return r.showEditor(c, id, e)
	}
	saved, err := r.Merge(c.UserContext(), p, id, patch, e.Version)
	if err != nil {
		return r.refuseField(c, id, e, err)
	}
	joined := saved.Head().Version > e.Version+1
	if !respond.IsPartial(c) {
		return r.leaveToRecord(c, id, savedWord(joined))
	}
	c.Set("HX-Trigger", recordChanged)
	props, err := r.again(c, saved)
	if err != nil {
		return err
	}
	if joined || e.Name == "ownerId" {
		c.Set("HX-Reswap", "none")
		return r.answerSaved(c, saved, props, savedNotice(saved.Head().Name, joined))
	}
	return respond.Render(c, record.FactSaved(props, e.Name, r.value(props, saved, e.Name), r.head(props, saved)))
}

// refuseField shows the editor again with the reason.
func (r recordPages[T, I, P]) refuseField(c *fiber.Ctx, id uuid.UUID, e record.EditorProps, err error) error {
	refused := apperr.From(err)
	if refused.Code == apperr.Conflict {
		form := record.FormProps{ID: id, Version: e.Version, Values: record.Values{e.Name: e.Value}}
		if err := r.clashes(c, &form, err); err != nil {
			return err
		}
		e.Clashes, e.Version = form.Clashes, form.Version
	}
	if !respond.IsPartial(c) || !correctable(refused) {
		return err
	}
	if refused.Code != apperr.Conflict {
		e.Errors = fieldErrors(refused)
		e.Error = refused.Field(e.Name)
		if e.Error == "" { // another field is to blame: the last of the names was emptied, say
			e.Error = respond.Sentence(refused)
		}
	}
	c.Status(respond.Status(refused.Code))
	return r.showEditor(c, id, e)
}

func (r recordPages[T, I, P]) showHistory(c *fiber.Ctx) error {
	_, props, err := r.open(c)
	if err != nil {
		return err
	}
	p, _ := mw.Principal(c)
	if props.History, err = r.History(c.UserContext(), p, props.Head.ID, c.Query("cursor")); err != nil {
		return err
	}
	return show(c, record.HistoryPage(r.frame(c, "History · "+props.Head.Name, r.Key), props), record.History(props))
}

// putBack gives a field the value that it had before an entry of the history.
func (r recordPages[T, I, P]) putBack(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	entry, err := uuid.Parse(c.Params("entry"))
	if err != nil {
		return errNothingHere()
	}
	saved, err := r.PutBack(c.UserContext(), p, id, entry, c.Params("field"))
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return r.leaveToRecord(c, id, "saved")
	}
	props, err := r.again(c, saved)
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", recordChanged)
	return r.answerSaved(c, saved, props, "The value was put back.")
}
