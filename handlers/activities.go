package handlers

import (
	"context"
	"io"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/activity"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/views/activities"
	"payaid/views/contacts"
	"payaid/views/ui"
)

const (
	// timelinePage is how many activities the page of a record shows at once.
	timelinePage = 10
	// activitiesChanged tells the parts of a page that show activities to look again.
	activitiesChanged = "activitiesChanged"
)

// activityList is the list of activities for the handlers that all lists share.
var activityList = listed{Entity: activities.Listed, address: address(activity.Fields)}

func (s *server) listActivities(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	shared, to, err := s.openList(c, activityList)
	if err != nil {
		return err
	}
	if to != "" {
		return leaveTo(c, to)
	}
	q := shared.At.Query()
	q.Limit = shared.Look.PageSize
	page, err := s.Activity.Activities(c.UserContext(), p, q)
	if err != nil {
		return err
	}
	props := activities.ListProps{Props: shared, Page: page, MayExport: p.Can(auth.ActivitiesExport)}
	pushURL(c, activities.Listed.URL(shared.At))
	frame := s.frame(c, "Activities", "activities")
	frame.Notice = doneNotice(c, "activity", "/activities")
	return show(c, activities.ListPage(frame, props), activities.ResultsPart(props))
}

// exportActivities streams the list's filter as a file.
func (s *server) exportActivities(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	at, err := activityList.address(c)
	if err != nil {
		return err
	}
	return s.streamFile(c, "activities", func(ctx context.Context, format string, w io.Writer) error {
		return s.Activity.Export(ctx, p, at.Query(), format, w)
	})
}

func (s *server) showActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	a, err := s.Activity.Activity(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	frame := s.frame(c, activities.Title(a)+" · Activities", "activities")
	frame.Notice = doneNotice(c, "activity", "/activities")
	return show(c, activities.Page(frame, viewer(c), a), activities.One(viewer(c), a))
}

func viewer(c *fiber.Ctx) activities.Viewer {
	p, _ := mw.Principal(c)
	return activities.Viewer{Principal: p, CSRF: mw.Token(c)}
}

// contactTimeline answers the timeline of a contact, or its page.
func (s *server) contactTimeline(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.showTimeline(c, &id, nil)
}

func (s *server) companyTimeline(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.showTimeline(c, nil, &id)
}

func (s *server) showTimeline(c *fiber.Ctx, contact, company *uuid.UUID) error {
	subject, err := s.subject(c, contact, company)
	if err != nil {
		return err
	}
	props, err := s.timeline(c, subject, c.Query("type"), c.Query("cursor"))
	if err != nil {
		return err
	}
	return show(c, s.timelinePage(c, props), activities.Timeline(props))
}

func (s *server) timelinePage(c *fiber.Ctx, props activities.TimelineProps) templ.Component {
	return activities.TimelinePage(s.frame(c, "Timeline · "+props.Subject.Name, props.Subject.Path[1:]), props)
}

// subject reads the record that a timeline is of.
func (s *server) subject(c *fiber.Ctx, contact, company *uuid.UUID) (activities.Subject, error) {
	p, _ := mw.Principal(c)
	if contact != nil {
		one, err := s.CRM.Contact(c.UserContext(), p, *contact)
		return contactSubject(one.ID, one.Name), err
	}
	if company != nil {
		one, err := s.CRM.Company(c.UserContext(), p, *company)
		return companySubject(one.ID, one.Name), err
	}
	return activities.Subject{}, apperr.New(apperr.MissingField, "The form did not say which record this is about. Load the page again.")
}

func contactSubject(id uuid.UUID, name string) activities.Subject {
	return activities.Subject{Field: "contactId", ID: id, Name: name, Path: "/contacts", Title: "Contacts"}
}

func companySubject(id uuid.UUID, name string) activities.Subject {
	return activities.Subject{Field: "companyId", ID: id, Name: name, Path: "/companies", Title: "Companies"}
}

// timeline reads one page of a record's timeline; kind leaves only that type.
func (s *server) timeline(c *fiber.Ctx, of activities.Subject, kind, cursor string) (activities.TimelineProps, error) {
	p, _ := mw.Principal(c)
	props := activities.TimelineProps{Viewer: viewer(c), Subject: of, Type: kind}
	q := listing.Query{Cursor: cursor, Limit: timelinePage}
	if kind != "" {
		q.Filter = filter.Expr{Op: filter.Is, Field: "type", Values: []filter.Value{{Text: kind}}}.String()
	}
	list := s.Activity.OfContact
	if of.Field == "companyId" {
		list = s.Activity.OfCompany
	}
	var err error
	props.Page, err = list(c.UserContext(), p, of.ID, q)
	return props, err
}

// logActivity adds to the timeline of the record that the form names.
func (s *server) logActivity(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	contact, company, err := formSubject(c)
	if err != nil {
		return err
	}
	of, err := s.subject(c, contact, company)
	if err != nil {
		return err
	}
	values := activityValues(c)
	in, err := activityInput(values, p.Location())
	if err == nil {
		in.ContactID, in.CompanyID = contact, company
		_, err = s.Activity.Log(c.UserContext(), p, in)
	}
	if err != nil {
		return s.refuseComposer(c, of, values, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, of.URL()+"#timeline")
	}
	props, err := s.timeline(c, of, "", "")
	if err != nil {
		return err
	}
	toast := ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: "The activity was logged."})
	if contact == nil {
		return respond.Render(c, templ.Join(activities.Timeline(props), toast))
	}
	pages := s.contactPages()
	one, mayChange, err := pages.Read(c.UserContext(), p, *contact)
	if err != nil {
		return err
	}
	shown, err := pages.props(c, one, mayChange)
	if err != nil {
		return err
	}
	return respond.Render(c, templ.Join(activities.Timeline(props), contacts.LastContactedPart(shown, one), toast))
}

// refuseComposer shows the composer again, with what was typed and why it was not
// taken.
func (s *server) refuseComposer(c *fiber.Ctx, of activities.Subject, values activities.Values, err error) error {
	e := apperr.From(err)
	if !correctable(e) {
		return err
	}
	props, err := s.timeline(c, of, "", "")
	if err != nil {
		return err
	}
	props.Composer, props.Errors = values, activities.Prefixed(fieldErrors(e), activities.ComposerPrefix)
	c.Status(respond.Status(e.Code))
	return show(c, s.timelinePage(c, props), activities.Timeline(props))
}
