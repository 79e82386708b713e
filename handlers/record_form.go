package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/record"
	"payaid/views/ui"
)

func (r recordPages[T, I, P]) showNew(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	return r.showForm(c, record.FormProps{Values: record.Values{"ownerId": p.UserID.String()}})
}

func (r recordPages[T, I, P]) create(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := record.FormProps{Values: r.sent(c)}
	patch, err := r.patch(form.Values)
	if err != nil {
		return r.refuseForm(c, form, err)
	}
	if shown, err := r.warned(c, form); shown || err != nil {
		return err
	}
	made, err := r.CreateFrom(c.UserContext(), p, patch)
	if err != nil {
		return r.refuseForm(c, form, err)
	}
	head := made.Head()
	if !respond.IsPartial(c) {
		return r.leaveToRecord(c, head.ID, "created")
	}
	c.Set("HX-Trigger", "closeModal, "+r.changed)
	c.Set("HX-Reswap", "none")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: head.Name + " was added."}))
}

func (r recordPages[T, I, P]) edit(c *fiber.Ctx) error {
	of, props, err := r.open(c)
	if err != nil {
		return err
	}
	if !props.MayChange {
		return r.errNotToChange()
	}
	return r.showForm(c, record.FormProps{ID: props.Head.ID, Version: props.Head.Version, Values: r.values(of), Focus: c.Query("field")})
}

func (r recordPages[T, I, P]) errNotToChange() error {
	return apperr.New(apperr.NoPermission, "You may see this %s but not change it.", r.entity.One)
}

func (r recordPages[T, I, P]) update(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	form := record.FormProps{ID: id, Values: r.sent(c)}
	if form.Version, err = formVersion(c); err != nil {
		return err
	}
	patch, err := r.patch(form.Values)
	if err != nil {
		return r.refuseForm(c, form, err)
	}
	if shown, err := r.warned(c, form); shown || err != nil {
		return err
	}
	saved, err := r.Merge(c.UserContext(), p, id, patch, form.Version)
	if err != nil {
		return r.refuseForm(c, form, err)
	}
	joined := saved.Head().Version > form.Version+1
	if !respond.IsPartial(c) {
		return r.leaveToRecord(c, id, savedWord(joined))
	}
	props, err := r.again(c, saved)
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", "closeModal, "+recordChanged)
	c.Set("HX-Reswap", "none")
	return r.answerSaved(c, saved, props, savedNotice(saved.Head().Name, joined))
}

// sent are the fields that a form sent.
func (r recordPages[T, I, P]) sent(c *fiber.Ctx) record.Values {
	values := record.Values{}
	for _, f := range r.entity.Fields {
		if value, ok := sentField(c, f); ok {
			values[f.Name] = value
		}
	}
	return values
}

// sentField is the value of one field: what was typed, or, where two people changed
// it at once and the user chose so, what the other one saved.
func sentField(c *fiber.Ctx, f record.Field) (value string, sent bool) {
	if c.FormValue("keep."+f.Name) == "theirs" {
		return c.FormValue("theirs." + f.Name), true
	}
	form := func(name string) (string, bool) { return c.FormValue(name), c.Request().PostArgs().Has(name) }
	if f.Read != nil {
		return f.Read(form)
	}
	return form(f.Name)
}

// warned shows the form again, once, when other records are known by the same.
func (r recordPages[T, I, P]) warned(c *fiber.Ctx, form record.FormProps) (shown bool, err error) {
	found, warn, err := r.unaccepted(c, form.Values, form.ID)
	if err != nil || !warn {
		return false, err
	}
	form.Doubles = found
	c.Status(fiber.StatusConflict)
	return true, r.showForm(c, form)
}

// refuseForm shows the form again, with what was typed and why it was not taken.
func (r recordPages[T, I, P]) refuseForm(c *fiber.Ctx, form record.FormProps, err error) error {
	e := apperr.From(err)
	switch e.Code {
	case apperr.Validation, apperr.AlreadyExists:
		form.Errors = fieldErrors(e)
	case apperr.Conflict:
		if err := r.clashes(c, &form, err); err != nil {
			return err
		}
	default:
		return err
	}
	c.Status(respond.Status(e.Code))
	return r.showForm(c, form)
}

// clashes turns a conflict into what the form asks about: form has then the values
// of both sides together, from the current version on.
func (r recordPages[T, I, P]) clashes(c *fiber.Ctx, form *record.FormProps, err error) error {
	conflict, ok := errors.AsType[*crm.Clash](err)
	if !ok {
		return err
	}
	p, _ := mw.Principal(c)
	current, _, err := r.Read(c.UserContext(), p, form.ID)
	if err != nil {
		return err
	}
	since, err := r.ChangesSince(c.UserContext(), p, form.ID, form.Version)
	if err != nil {
		return err
	}
	owners, err := r.ownerOptions(c, p, true)
	if err != nil {
		return err
	}
	theirs, both := r.values(current), r.values(current)
	for _, name := range conflict.Mine {
		both[name] = form.Values[name]
	}
	form.Clashes = r.entity.Clashes(conflict.Fields, both, theirs, since, owners)
	form.Values, form.Version = both, current.Head().Version
	return nil
}

// showForm adds what there is to choose from.
func (r recordPages[T, I, P]) showForm(c *fiber.Ctx, form record.FormProps) error {
	p, _ := mw.Principal(c)
	var err error
	if form.Owners, err = r.ownerOptions(c, p, form.ID != uuid.Nil); err != nil {
		return err
	}
	if form.Companies, err = r.companyNames(c, p, ""); err != nil {
		return err
	}
	if form.Tags, err = r.CRM.SuggestTags(c.UserContext(), p, ""); err != nil {
		return err
	}
	form.Entity, form.Kept, form.CSRF, form.Dialog = r.entity, keptList(c), mw.Token(c), respond.IsPartial(c)
	return show(c, record.FormPage(r.frame(c, form.Title(), r.Key), form, r.form(form)), r.form(form))
}
