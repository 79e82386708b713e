package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
)

const rulePath = "/settings/sign-in-rule"

// openWithoutFactor are the pages, with all below them, that stay open to people
// whose business waits for them to set up a second factor.
var openWithoutFactor = []string{securityPath, "/login", "/logout", "/password", "/photos", "/tenants/switch"}

// secondFactorFirst leads people whose business asks for a second factor, and who
// have none, to the page that sets one up, whatever they ask for.
func secondFactorFirst(c *fiber.Ctx) error {
	p, ok := mw.Principal(c)
	if !ok || !p.SecondFactorMissing {
		return c.Next()
	}
	for _, open := range openWithoutFactor {
		if c.Path() == open || strings.HasPrefix(c.Path(), open+"/") {
			return c.Next()
		}
	}
	if respond.WantsJSON(c) {
		return apperr.New(apperr.Forbidden, "%s asks everybody for a second factor. Set one up under Settings, Signing in; then this works.", p.TenantName)
	}
	return leaveTo(c, authenticatorPath)
}

func (s *server) ruleRoutes(app *fiber.App, small fiber.Handler) {
	configure := mw.RequireRight(auth.PeopleConfigure)
	app.Get(rulePath, mw.RequirePerson, configure, s.showRule)
	app.Post(rulePath, mw.RequirePerson, configure, small, s.csrf.Protect, s.setRule)
	app.Post("/settings/people/:id/reset-second-factor", mw.RequirePerson, configure, small, s.csrf.Protect, s.resetSecondFactor)
}

func (s *server) showRule(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	rule, err := s.Factor.Rule(c.UserContext(), p)
	if err != nil {
		return err
	}
	own, err := s.Factor.Of(c.UserContext(), p.UserID)
	if err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, "Sign-in rule")
	return respond.Render(c, settings.RulePage(frame, items, settings.RuleForm{Rule: rule, OwnMissing: !own.Any(), CSRF: mw.Token(c)}))
}

func (s *server) setRule(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	required := c.FormValue("required")
	if required != "yes" && required != "no" {
		return apperr.New(apperr.MissingField, "The form did not say whether the rule is to hold. Load the page again.")
	}
	if err := s.Factor.SetRule(c.UserContext(), p, required == "yes"); err != nil {
		return err
	}
	return leaveTo(c, rulePath+"?done=saved")
}

// resetSecondFactor helps somebody who lost the phone and the recovery codes.
func (s *server) resetSecondFactor(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Factor.Reset(c.UserContext(), p, id); err != nil {
		return s.showPersonForm(c, nil, err)
	}
	s.endSessions(c, id)
	return leaveTo(c, "/settings/people/"+id.String()+"?done=factor-reset")
}
