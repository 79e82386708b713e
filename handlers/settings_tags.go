package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/settings"
	"payaid/views/ui"
)

const tagsPath = "/settings/tags"

// tagsOnPage is how many tags a page of the settings shows.
const tagsOnPage = 50

func (s *server) listTags(c *fiber.Ctx) error {
	return s.showTags(c, settings.TagForm{Colour: crm.TagColours[0]})
}

func (s *server) showTags(c *fiber.Ctx, form settings.TagForm) error {
	p, _ := mw.Principal(c)
	page, err := s.CRM.Tags(c.UserContext(), p, c.Query("cursor"), tagsOnPage)
	if err != nil {
		return err
	}
	form.CSRF = mw.Token(c)
	frame, items := s.settingsFrame(c, "Tags")
	if n := deletedTag(c); n != nil {
		frame.Notice = n
	}
	return respond.Render(c, settings.TagsPage(frame, items, page, form))
}

// deletedTag reports a deletion, with its undo.
func deletedTag(c *fiber.Ctx) *ui.ToastProps {
	id, err := uuid.Parse(c.Query("id"))
	if err != nil || c.Query("done") != "tag-deleted" {
		return nil
	}
	return &ui.ToastProps{Kind: ui.ToastSuccess, Title: "The tag was deleted.", Undo: tagsPath + "/" + id.String() + "/restore", CSRF: mw.Token(c)}
}

func (s *server) createTag(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	in := crm.TagInput{Name: c.FormValue("name"), Colour: c.FormValue("colour")}
	_, err := s.CRM.CreateTag(c.UserContext(), p, in)
	if err == nil {
		return leaveTo(c, tagsPath+"?done=tag-created")
	}
	errs, err := refusal(c, err)
	if err != nil {
		return err
	}
	return s.showTags(c, settings.TagForm{Name: in.Name, Colour: in.Colour, Errors: errs})
}

func (s *server) showTag(c *fiber.Ctx) error { return s.showTagForm(c, nil) }

func (s *server) updateTag(c *fiber.Ctx) error {
	name, colour := c.FormValue("name"), c.FormValue("colour")
	return s.changeTag(c, "saved", func(p auth.Principal, id uuid.UUID, version int64) error {
		_, err := s.CRM.UpdateTag(c.UserContext(), p, id, crm.TagPatch{Name: &name, Colour: &colour}, &version)
		return err
	})
}

func (s *server) deleteTag(c *fiber.Ctx) error {
	return s.changeTag(c, "tag-deleted", func(p auth.Principal, id uuid.UUID, version int64) error {
		_, err := s.CRM.DeleteTag(c.UserContext(), p, id, &version)
		return err
	})
}

func (s *server) mergeTag(c *fiber.Ctx) error {
	return s.changeTag(c, "tag-merged", func(p auth.Principal, id uuid.UUID, version int64) error {
		into, err := s.CRM.TagNamed(c.UserContext(), p, c.FormValue("into"))
		if err != nil {
			return err
		}
		_, err = s.CRM.MergeTag(c.UserContext(), p, id, into.ID, &version)
		return err
	})
}

// changeTag does something to the tag of the address and leads back to the list, or
// shows the tag again with why not.
func (s *server) changeTag(c *fiber.Ctx, done string, do func(p auth.Principal, id uuid.UUID, version int64) error) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	if err := do(p, id, version); err != nil {
		return s.showTagForm(c, err)
	}
	return leaveTo(c, withNotice(tagsPath, done, id))
}

func (s *server) restoreTag(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.RestoreTag(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, tagsPath+"?done=tag-restored")
}

// showTagForm shows a tag, after a refusal with why and with what was typed.
func (s *server) showTagForm(c *fiber.Ctx, refused error) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	tag, err := s.CRM.Tag(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	others, err := s.CRM.SuggestTags(c.UserContext(), p, "")
	if err != nil {
		return err
	}
	form := settings.TagForm{Tag: tag, Name: tag.Name, Colour: tag.Colour, Into: c.FormValue("into"), Others: others, Errors: errs, CSRF: mw.Token(c)}
	if c.FormValue("name") != "" && !apperr.Is(refused, apperr.Conflict) {
		form.Name, form.Colour = c.FormValue("name"), c.FormValue("colour")
	}
	frame, items := s.settingsFrame(c, tag.Name)
	return respond.Render(c, settings.TagPage(frame, items, form))
}
