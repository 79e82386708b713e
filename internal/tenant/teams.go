package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const (
	entityTeam = "team"

	// TagTeams makes old what shows or asks for the names of teams.
	TagTeams = entityTeam + ":list"
)

// Team is a named group of people inside a tenant.
type Team struct {
	ID        uuid.UUID    `json:"id"`
	Name      string       `json:"name"`
	Members   []TeamMember `json:"-"` // by name
	Version   int64        `json:"version"`
	CreatedAt time.Time    `json:"createdAt"`
}

// TeamMember is somebody in a team.
type TeamMember struct {
	UserID uuid.UUID
	Name   string
	Role   auth.Role
}

// Teams lists the teams of the principal's tenant by name, with who is in them;
// at most 500.
func (s *Service) Teams(ctx context.Context, p auth.Principal) ([]Team, error) {
	if !p.Can(auth.PeopleConfigure) {
		if err := p.Require(auth.TeamsConfigure); err != nil {
			return nil, err
		}
	}
	q := s.db.Tenant(p.TenantID)
	rows, err := q.ListTeams(ctx, p.TenantID)
	if err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	members, err := q.ListTeamMembers(ctx, p.TenantID)
	if err != nil {
		return nil, fmt.Errorf("list the members of teams: %w", err)
	}
	teams := make([]Team, len(rows))
	for i, r := range rows {
		teams[i] = teamFromRow(db.GetTeamRow(r))
		for _, m := range members {
			if *m.TeamID == r.ID {
				teams[i].Members = append(teams[i].Members, TeamMember{UserID: m.UserID, Name: m.Name, Role: auth.Role(m.Role)})
			}
		}
	}
	return teams, nil
}

// Team returns one team with who is in it, or NotFound.
func (s *Service) Team(ctx context.Context, p auth.Principal, id uuid.UUID) (Team, error) {
	teams, err := s.Teams(ctx, p)
	if err != nil {
		return Team{}, err
	}
	for _, t := range teams {
		if t.ID == id {
			return t, nil
		}
	}
	return Team{}, errNoTeam()
}

// AddTeam makes a team on behalf of the principal. Its name is unique in the
// tenant whatever its case (ALREADY_EXISTS).
func (s *Service) AddTeam(ctx context.Context, p auth.Principal, name string) (Team, error) {
	if err := p.Require(auth.TeamsConfigure); err != nil {
		return Team{}, err
	}
	id, err := s.insertTeam(ctx, p.Actor(), name)
	if err != nil {
		return Team{}, err
	}
	return s.Team(ctx, p, id)
}

// RenameTeam gives a team another name. version is what the caller last saw, nil
// to overwrite; an older one is a Conflict.
func (s *Service) RenameTeam(ctx context.Context, p auth.Principal, id uuid.UUID, name string, version *int64) (Team, error) {
	if err := p.Require(auth.TeamsConfigure); err != nil {
		return Team{}, err
	}
	name, err := teamName(name)
	if err != nil {
		return Team{}, err
	}
	input := struct {
		ID      uuid.UUID
		Name    string
		Version *int64
	}{id, name, version}
	return change.Do(ctx, s.write, p.Actor(), "team.update", input, func(ctx context.Context, tx *change.Tx) (Team, error) {
		before, err := lockTeam(ctx, tx, p, id, version)
		if err != nil {
			return Team{}, err
		}
		if err := tx.Q.RenameTeam(ctx, db.RenameTeamParams{TenantID: p.TenantID, ID: id, Name: name}); err != nil {
			return Team{}, fmt.Errorf("rename the team: %w", err)
		}
		after := before
		after.Name, after.Version = name, before.Version+1
		return after, tx.Record(ctx, change.Event{Action: "team.update", Entity: entityTeam, EntityID: id, Before: before, After: after})
	})
}

// DeleteTeam ends a team. Its members stay in the business, without a team.
func (s *Service) DeleteTeam(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Team, error) {
	if err := p.Require(auth.TeamsConfigure); err != nil {
		return Team{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "team.delete", input, func(ctx context.Context, tx *change.Tx) (Team, error) {
		before, err := lockTeam(ctx, tx, p, id, version)
		if err != nil {
			return Team{}, err
		}
		if err := tx.Q.DeleteTeam(ctx, db.DeleteTeamParams{TenantID: p.TenantID, ID: id}); err != nil {
			return Team{}, fmt.Errorf("delete the team: %w", err)
		}
		tx.Tag(auth.TagPeople)
		return before, tx.Record(ctx, change.Event{Action: "team.delete", Entity: entityTeam, EntityID: id, Before: before})
	})
}

// CreateTeam makes a team of the tenant, called by the demo.
func (s *Service) CreateTeam(ctx context.Context, tenant uuid.UUID, name string) (uuid.UUID, error) {
	return s.insertTeam(ctx, change.Actor{TenantID: tenant, Kind: change.ActorSystem, Name: "PayAid"}, name)
}

func (s *Service) insertTeam(ctx context.Context, actor change.Actor, name string) (uuid.UUID, error) {
	name, err := teamName(name)
	if err != nil {
		return uuid.Nil, err
	}
	return change.Do(ctx, s.write, actor, "team.create", name, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		t := Team{ID: uuid.Must(uuid.NewV7()), Name: name, Version: 1, CreatedAt: tx.Now}
		if err := tx.Q.InsertTeam(ctx, db.InsertTeamParams{TenantID: actor.TenantID, ID: t.ID, Name: name, Now: tx.Now}); err != nil {
			return uuid.Nil, fmt.Errorf("insert the team: %w", err)
		}
		return t.ID, tx.Record(ctx, change.Event{Action: "team.create", Entity: entityTeam, EntityID: t.ID, After: t})
	})
}

func teamName(name string) (string, error) {
	name = strings.TrimSpace(name)
	var f apperr.Fields
	f.Check(name != "" && utf8.RuneCountInString(name) <= 100, "name", "Give the team a name of at most 100 characters.")
	f.Check(utf8.ValidString(name) && !strings.ContainsRune(name, 0), "name", "The name holds characters that cannot be stored.")
	return name, f.Err()
}

// lockTeam holds the team for the rest of the transaction, provided that the
// caller saw this version.
func lockTeam(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Team, error) {
	row, err := tx.Q.LockTeam(ctx, db.LockTeamParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Team{}, errNoTeam()
	}
	if err != nil {
		return Team{}, fmt.Errorf("lock the team: %w", err)
	}
	if version != nil && *version != row.Version {
		e := apperr.New(apperr.Conflict, "Somebody changed this team after you opened it. Look at its current name and try again.")
		e.Version = row.Version
		return Team{}, e
	}
	return teamFromRow(db.GetTeamRow(row)), nil
}

func errNoTeam() error { return apperr.New(apperr.NotFound, "This team does not exist.") }

func teamFromRow(r db.GetTeamRow) Team {
	return Team{ID: r.ID, Name: r.Name, Version: r.Version, CreatedAt: r.CreatedAt}
}
