package tenant_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/tenant"
)

func TestATeamFromItsFirstDayToItsLast(t *testing.T) {
	s, ctx := newService(t), context.Background()
	var people []auth.Principal
	for _, slug := range []string{"a", "b"} {
		made, err := s.Create(ctx, tenant.Input{Slug: slug, Name: slug})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, auth.Principal{TenantID: made.ID, UserID: uuid.New(), Role: auth.Admin})
	}
	admin, outsider := people[0], people[1]
	team, err := s.AddTeam(ctx, admin, " Sales ")
	if err != nil || team.Name != "Sales" || team.Version != 1 {
		t.Fatalf("%+v, %v", team, err)
	}
	one, old := int64(1), int64(7)
	member := admin
	member.Role = auth.Manager
	for name, c := range map[string]struct {
		do   func() error
		code apperr.Code
	}{
		"a manager adds":          {func() error { _, err := s.AddTeam(ctx, member, "X"); return err }, apperr.NoPermission},
		"a manager looks":         {func() error { _, err := s.Teams(ctx, member); return err }, apperr.NoPermission},
		"a manager renames":       {func() error { _, err := s.RenameTeam(ctx, member, team.ID, "X", nil); return err }, apperr.NoPermission},
		"a manager deletes":       {func() error { _, err := s.DeleteTeam(ctx, member, team.ID, nil); return err }, apperr.NoPermission},
		"another business looks":  {func() error { _, err := s.Team(ctx, outsider, team.ID); return err }, apperr.NotFound},
		"another business names":  {func() error { _, err := s.RenameTeam(ctx, outsider, team.ID, "X", nil); return err }, apperr.NotFound},
		"another business ends":   {func() error { _, err := s.DeleteTeam(ctx, outsider, team.ID, nil); return err }, apperr.NotFound},
		"an old version renames":  {func() error { _, err := s.RenameTeam(ctx, admin, team.ID, "X", &old); return err }, apperr.Conflict},
		"an old version deletes":  {func() error { _, err := s.DeleteTeam(ctx, admin, team.ID, &old); return err }, apperr.Conflict},
		"a name that is no text":  {func() error { _, err := s.RenameTeam(ctx, admin, team.ID, "a\x00", nil); return err }, apperr.Validation},
		"the same name once more": {func() error { _, err := s.AddTeam(ctx, admin, "sales"); return err }, apperr.AlreadyExists},
	} {
		if err := c.do(); !apperr.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if team, err = s.RenameTeam(ctx, admin, team.ID, "Trade", &one); err != nil || team.Name != "Trade" || team.Version != 2 {
		t.Errorf("renamed: %+v, %v", team, err)
	}
	if _, err := s.DeleteTeam(ctx, admin, team.ID, &team.Version); err != nil {
		t.Error(err)
	}
	if teams, err := s.Teams(ctx, admin); err != nil || len(teams) != 0 {
		t.Errorf("afterwards: %+v, %v", teams, err)
	}
}
