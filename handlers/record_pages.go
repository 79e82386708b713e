package handlers

import (
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/activities"
	"payaid/views/list"
	"payaid/views/record"
)

// recordPages are the pages of single records of one entity, for the handlers that
// all entities share: T is the record, I what one is made from, P a change of it.
// What an entity has of its own is given once, as in contactPages.
type recordPages[T crm.Recorded, I, P any] struct {
	*server
	listed
	crm.Records[T, I, P]
	entity              record.Entity
	read, write, remove auth.Right
	subject             func(uuid.UUID, string) activities.Subject // what the timeline is of, nil without one
	changed             string                                     // tells the list in the page that it is out of date: "contactsChanged"

	values  func(T) record.Values                                        // the fields as they are typed
	patch   func(record.Values) (P, error)                               // a change of the fields that are there
	company func(T) *uuid.UUID                                           // the company that the record names, nil for none
	note    func(T) string                                               // what tells one in the trash apart from others of its name
	quick   func(s *server, c *fiber.Ctx, f record.Field) (string, bool) // the value of a quick choice, nil where there are none
	form    func(record.FormProps) templ.Component
	head    func(record.Props, T) templ.Component
	body    func(c *fiber.Ctx, p record.Props, of T) (templ.Component, error)
	value   func(p record.Props, of T, name string) templ.Component
}

// routes names the pages of single records, below the path of the list. see and act
// guard a page and an action by a right.
func (r recordPages[T, I, P]) routes(app *fiber.App, see func(auth.Right, fiber.Handler) []fiber.Handler, act func(right auth.Right, limit, do fiber.Handler) []fiber.Handler) {
	at, small := r.entity.Path, mw.BodyLimit(smallBody)
	app.Get(at+"/new", see(r.write, r.showNew)...)
	app.Get(at+"/trash", see(r.remove, r.listTrash)...)
	app.Get(at+"/duplicates", see(r.write, r.warnOfDuplicates)...)
	app.Post(at, act(r.write, small, r.create)...)
	app.Get(at+"/:id", see(r.read, r.show)...)
	app.Get(at+"/:id/edit", see(r.write, r.edit)...)
	app.Post(at+"/:id", act(r.write, small, r.update)...)
	app.Get(at+"/:id/fields/:field", see(r.read, r.editField)...)
	app.Post(at+"/:id/fields/:field", act(r.write, small, r.updateField)...)
	app.Get(at+"/:id/history", see(r.read, r.showHistory)...)
	app.Post(at+"/:id/history/:entry/:field", act(r.write, small, r.putBack)...)
	app.Post(at+"/:id/delete", act(r.remove, small, r.delete)...)
	app.Get(at+"/:id/restore", see(r.remove, r.showRestore)...)
	app.Post(at+"/:id/restore", act(r.remove, small, r.restore)...)
}

func (r recordPages[T, I, P]) show(c *fiber.Ctx) error {
	of, props, err := r.open(c)
	if err != nil {
		return err
	}
	p, _ := mw.Principal(c)
	if props.History, err = r.History(c.UserContext(), p, props.Head.ID, ""); err != nil {
		return err
	}
	if props.Beside, err = r.beside(c, props.Head.ID); err != nil {
		return err
	}
	article, err := r.article(c, props, of)
	if err != nil {
		return err
	}
	frame := r.frame(c, props.Head.Name+" · "+r.entity.Title, r.Key)
	frame.Notice = doneNotice(c, r.entity.One, r.entity.Path)
	timeline, err := r.timelineOf(c, props.Head)
	if err != nil {
		return err
	}
	return show(c, record.Page(frame, props, article, timeline), article)
}

// timelineOf is the timeline of a record, nil for who sees no activities.
func (r recordPages[T, I, P]) timelineOf(c *fiber.Ctx, head crm.Head) (templ.Component, error) {
	p, _ := mw.Principal(c)
	if r.subject == nil || !p.Can(auth.ActivitiesRead) {
		return nil, nil
	}
	props, err := r.timeline(c, r.subject(head.ID, head.Name), "", "")
	return activities.Timeline(props), err
}

// article is everything known about one record.
func (r recordPages[T, I, P]) article(c *fiber.Ctx, props record.Props, of T) (templ.Component, error) {
	body, err := r.body(c, props, of)
	if err != nil {
		return nil, err
	}
	return record.Article(r.head(props, of), body), nil
}

// open reads the record of the address, with what its pages need besides.
func (r recordPages[T, I, P]) open(c *fiber.Ctx) (T, record.Props, error) {
	var none T
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return none, record.Props{}, err
	}
	of, mayChange, err := r.Read(c.UserContext(), p, id)
	if err != nil {
		return none, record.Props{}, err
	}
	props, err := r.props(c, of, mayChange)
	return of, props, err
}

func (r recordPages[T, I, P]) props(c *fiber.Ctx, of T, mayChange bool) (record.Props, error) {
	p, _ := mw.Principal(c)
	props := record.Props{
		Entity: r.entity, Head: of.Head(), MayChange: mayChange, MayGive: mayChange && mayGive(p), MayDelete: mayChange && p.Can(r.remove),
		Kept: keptList(c), CSRF: mw.Token(c),
	}
	err := r.paintTags(c, p)
	if err != nil {
		return props, err
	}
	if company := r.company(of); company != nil {
		props.Open, err = r.CRM.OpenCompanies(c.UserContext(), p, []uuid.UUID{*company})
	}
	return props, err
}

// again reads a record after a change: it may have been given away by it.
func (r recordPages[T, I, P]) again(c *fiber.Ctx, of T) (record.Props, error) {
	p, _ := mw.Principal(c)
	_, mayChange, err := r.Read(c.UserContext(), p, of.Head().ID)
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return record.Props{}, err
	}
	return r.props(c, of, mayChange)
}

// keptList is what an address says of the list that the record was opened from, for
// those that lead on from it.
func keptList(c *fiber.Ctx) string {
	if !c.Context().QueryArgs().Has("list") {
		return ""
	}
	return "list=" + url.QueryEscape(c.Query("list"))
}

// fromList reads the list that the record was opened from; false for none.
func fromList(c *fiber.Ctx) (list.Address, bool, error) {
	if !c.Context().QueryArgs().Has("list") {
		return list.Address{}, false, nil
	}
	query, err := url.ParseQuery(c.Query("list"))
	if err != nil {
		return list.Address{}, false, apperr.Wrap(err, apperr.InvalidInput, "The address names a list that cannot be read.")
	}
	return list.Address{Text: query.Get("q"), Filter: query.Get("filter"), Sort: query.Get("sort"), Cursor: query.Get("cursor"), View: query.Get("view")}, true, nil
}

// beside tells who stands beside the record in the list that it was opened from.
func (r recordPages[T, I, P]) beside(c *fiber.Ctx, id uuid.UUID) (record.Neighbours, error) {
	at, ok, err := fromList(c)
	if err != nil || !ok {
		return record.Neighbours{}, err
	}
	p, _ := mw.Principal(c)
	prev, next, err := r.Neighbours(c.UserContext(), p, at.Query(), id)
	if err != nil {
		return record.Neighbours{}, err
	}
	return r.listed.Neighbours(at, prev, next), nil
}

// leaveToRecord leads to the page of a record after a write without scripts.
func (r recordPages[T, I, P]) leaveToRecord(c *fiber.Ctx, id uuid.UUID, done string) error {
	return leaveTo(c, record.With(r.entity.URL(id)+"?done="+done, keptList(c)))
}

// answerSaved shows the record anew where it stands in the page.
func (r recordPages[T, I, P]) answerSaved(c *fiber.Ctx, of T, props record.Props, words string) error {
	article, err := r.article(c, props, of)
	if err != nil {
		return err
	}
	return respond.Render(c, record.Saved(article, words))
}

func errNothingHere() error {
	return apperr.New(apperr.NotFound, "There is nothing at this address.")
}
