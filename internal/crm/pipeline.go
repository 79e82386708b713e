package crm

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/internal/apperr"
)

// Pipeline is one way that deals go, stage by stage.
type Pipeline struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	Stages    []Stage   `json:"stages"` // the open ones in their order, then won, then lost
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Stage is one step of a pipeline.
type Stage struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	Kind        string    `json:"kind"`        // one of DealStates
	Probability int       `json:"probability"` // in percent; 100 of won, 0 of lost
	RotDays     int       `json:"rotDays"`     // a deal that stays longer is marked; 0: never
}

// The states of a deal, which are the kinds of stages.
const (
	DealOpen = "open"
	DealWon  = "won"
	DealLost = "lost"
)

// DealStates are the states of a deal, in the order people choose from.
var DealStates = []string{DealOpen, DealWon, DealLost}

// Limits of pipelines.
const (
	MaxPipelines = 20
	MaxStages    = 20 // of one pipeline

	maxRotDays      = 3650
	maxPipelineName = 100
)

// Stage returns the stage with that id; ok tells whether the pipeline has it.
func (p Pipeline) Stage(id uuid.UUID) (s Stage, ok bool) {
	i := slices.IndexFunc(p.Stages, func(s Stage) bool { return s.ID == id })
	if i < 0 {
		return Stage{}, false
	}
	return p.Stages[i], true
}

// first returns the first stage of the kind. Every pipeline has one of each.
func (p Pipeline) first(kind string) Stage {
	i := slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Kind == kind })
	return p.Stages[i]
}

// open counts the stages that are neither won nor lost.
func (p Pipeline) open() int {
	n := 0
	for _, s := range p.Stages {
		if s.Kind == DealOpen {
			n++
		}
	}
	return n
}

// StageInput is what a new stage is made from. New stages are open.
type StageInput struct {
	Name        string
	Probability int // in percent
	RotDays     int // 0: never
}

// StagePatch changes the fields that are not nil. Position is the place among the
// open stages, from 0.
type StagePatch struct {
	Name                           *string
	Probability, RotDays, Position *int
}

// newStages are those of a new pipeline, as every business begins with.
var newStages = []Stage{
	{Name: "Lead", Kind: DealOpen, Probability: 10, RotDays: 21}, {Name: "Qualified", Kind: DealOpen, Probability: 30, RotDays: 10},
	{Name: "Proposal", Kind: DealOpen, Probability: 50, RotDays: 14}, {Name: "Negotiation", Kind: DealOpen, Probability: 80, RotDays: 7},
	{Name: "Won", Kind: DealWon, Probability: 100}, {Name: "Lost", Kind: DealLost},
}

func checkPipelineName(f *apperr.Fields, name string) {
	f.Check(name != "" && utf8.RuneCountInString(name) <= maxPipelineName && printable(name), "name", "Enter a name of at most 100 characters.")
}

// check refuses what the stage may not be. What it is called must differ from the
// others of its pipeline, which the database sees to.
func (s Stage) check() error {
	var f apperr.Fields
	checkPipelineName(&f, s.Name)
	switch s.Kind {
	case DealOpen:
		f.Check(s.Probability >= 0 && s.Probability <= 100, "probability", "Enter a number from 0 to 100.")
		f.Check(s.RotDays >= 0 && s.RotDays <= maxRotDays, "rotDays", "Enter a number of days from 0 to "+strconv.Itoa(maxRotDays)+".")
	default:
		certain := map[string]int{DealWon: 100, DealLost: 0}[s.Kind]
		f.Check(s.Probability == certain, "probability", "What is won counts in full, what is lost not at all: this cannot be changed.")
		f.Check(s.RotDays == 0, "rotDays", "A deal that is over does not rot.")
	}
	return f.Err()
}

// change returns the stage after the patch.
func (s Stage) change(p StagePatch) Stage {
	set(&s.Name, p.Name)
	set(&s.Probability, p.Probability)
	set(&s.RotDays, p.RotDays)
	s.Name = plainName(s.Name)
	return s
}

// plainName has one space between words and none around them.
func plainName(name string) string { return strings.Join(strings.Fields(name), " ") }

// arranged puts the stage with that id at a place among the open ones; a place
// behind the last is the last. Won and lost stay behind them.
func arranged(stages []Stage, id uuid.UUID, at int) []Stage {
	i := slices.IndexFunc(stages, func(s Stage) bool { return s.ID == id })
	if i < 0 || stages[i].Kind != DealOpen {
		return stages
	}
	moved := stages[i]
	rest := slices.Delete(slices.Clone(stages), i, i+1)
	open := slices.IndexFunc(rest, func(s Stage) bool { return s.Kind != DealOpen })
	return slices.Insert(rest, min(max(at, 0), open), moved)
}
