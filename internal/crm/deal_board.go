package crm

import (
	"context"
	"math/big"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/listing"
)

// CardsPerColumn is how many deals a column of the board shows at once.
const CardsPerColumn = 20

// Board is a pipeline with the deals in its stages.
type Board struct {
	Pipeline Pipeline
	Columns  []BoardColumn
}

// BoardColumn is one stage of a board: a page of its deals, and the sums over all
// of them.
type BoardColumn struct {
	Stage    Stage
	Deals    listing.Page[Deal] // its total is not counted: Sum has it
	Sum      DealSum
	Filtered bool // a search or a filter leaves deals out
}

// DealSum counts deals and adds up their values, in paise.
type DealSum struct {
	Count    int64 `json:"count"`
	Value    int64 `json:"valuePaise"`
	Weighted int64 `json:"weightedPaise"` // each value times its probability
}

// dealCards are the deals of one stage, as people arranged them.
var dealCards = dealsBy("cards", []db.Order{{Name: "position", Expr: "c.sort_position", ID: "c.id", Type: "text"}})

// stageSums are read by one query for a whole board. The values of deals without a
// probability of their own stand apart: that of the stage counts for them.
var stageSums = listing.Groups{
	Name: "stage-sums", By: "c.stage_id",
	Columns: `c.stage_id, count(*) AS deals, sum(c.value)::text AS total, coalesce(sum(c.value * c.probability), 0)::text AS own,
		coalesce(sum(c.value) FILTER (WHERE c.probability IS NULL), 0)::text AS rest`,
}

type stageSum struct {
	StageID uuid.UUID `db:"stage_id"`
	Deals   int64     `db:"deals"`
	Total   string    `db:"total"`
	Own     string    `db:"own"`
	Rest    string    `db:"rest"`
}

// sum adds up for a stage. What is over has the probability of its end.
func (s stageSum) sum(stage Stage) DealSum {
	total, own, rest := wholeNumber(s.Total), wholeNumber(s.Own), wholeNumber(s.Rest)
	weighted := new(big.Int).Mul(rest, big.NewInt(int64(stage.Probability)))
	weighted.Add(weighted, own)
	if stage.Kind != DealOpen {
		weighted.Mul(total, big.NewInt(int64(stage.Probability)))
	}
	weighted.Add(weighted, big.NewInt(50)).Quo(weighted, big.NewInt(100)) // half a paisa and more counts as one
	return DealSum{Count: s.Deals, Value: total.Int64(), Weighted: weighted.Int64()}
}

// wholeNumber reads what PostgreSQL added up: sums may be larger than 64 bits on
// the way to a result that is not.
func wholeNumber(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return new(big.Int)
	}
	return n
}

// Board returns the pipeline (the default one for uuid.Nil) with the first deals of
// each stage that q lists and the principal sees. q's order and place are the
// board's own. It costs as many short queries as there are stages and one for all
// sums, however many deals there are.
func (s *Service) Board(ctx context.Context, p auth.Principal, pipeline uuid.UUID, q listing.Query) (Board, error) {
	if err := p.Require(auth.DealsRead); err != nil {
		return Board{}, err
	}
	one, err := s.Pipeline(ctx, p, pipeline)
	if err != nil {
		return Board{}, err
	}
	sums, err := s.sums(ctx, p, one, q)
	if err != nil {
		return Board{}, err
	}
	b := Board{Pipeline: one, Columns: make([]BoardColumn, len(one.Stages))}
	for i, stage := range one.Stages {
		b.Columns[i] = BoardColumn{Stage: stage, Sum: sums[stage.ID], Filtered: q.Text+q.Filter != ""}
		if sums[stage.ID].Count == 0 && q.Text == "" { // a search may show what comes close
			continue
		}
		if b.Columns[i].Deals, err = s.cards(ctx, p, stage.ID, q); err != nil {
			return Board{}, err
		}
	}
	return b, nil
}

// BoardColumn returns one stage of a board; q.Cursor is the place in it.
func (s *Service) BoardColumn(ctx context.Context, p auth.Principal, stage uuid.UUID, q listing.Query) (BoardColumn, error) {
	if err := p.Require(auth.DealsRead); err != nil {
		return BoardColumn{}, err
	}
	all, err := s.Pipelines(ctx, p)
	if err != nil {
		return BoardColumn{}, err
	}
	for _, one := range all {
		found, ok := one.Stage(stage)
		if !ok {
			continue
		}
		sums, err := s.sums(ctx, p, one, q)
		if err != nil {
			return BoardColumn{}, err
		}
		cards, err := s.cards(ctx, p, stage, q)
		return BoardColumn{Stage: found, Deals: cards, Sum: sums[stage], Filtered: q.Text+q.Filter != ""}, err
	}
	return BoardColumn{}, errNoStage()
}

func (s *Service) cards(ctx context.Context, p auth.Principal, stage uuid.UUID, q listing.Query) (listing.Page[Deal], error) {
	q.Sort, q.Limit, q.NoTotal = "", CardsPerColumn, true
	q.Only = listing.Condition{SQL: "c.stage_id = ?", Args: []any{stage}}
	return dealCards.Page(ctx, s.source(), s.reader(p, auth.Deals), q)
}

func (s *Service) sums(ctx context.Context, p auth.Principal, pipeline Pipeline, q listing.Query) (map[uuid.UUID]DealSum, error) {
	q.Only = listing.Condition{SQL: "c.pipeline_id = ?", Args: []any{pipeline.ID}}
	rows, err := listing.GroupsOf[stageSum](ctx, dealCards, s.source(), s.reader(p, auth.Deals), q, stageSums)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]DealSum, len(rows))
	for _, r := range rows {
		if stage, ok := pipeline.Stage(r.StageID); ok {
			out[r.StageID] = r.sum(stage)
		}
	}
	return out, nil
}

// ForecastMonths is how many months a forecast looks ahead, the current one
// counted.
const ForecastMonths = 6

// ForecastMonth is what is expected to close in one month.
type ForecastMonth struct {
	Month string `json:"month"` // YYYY-MM; "" for the deals without a date
	Late  bool   `json:"late"`  // open deals that were expected before the current month
	DealSum
}

// monthSums are the open deals of a pipeline by the month that they are expected to
// close in, and by stage, whose probability may count.
var monthSums = listing.Groups{
	Name: "month-sums", By: "1, c.stage_id",
	Columns: `coalesce(to_char(c.expected_close, 'YYYY-MM'), '') AS month, ` + stageSums.Columns,
}

type monthSum struct {
	Month string `db:"month"`
	stageSum
}

// Forecast returns what the open deals of a pipeline (the default one for uuid.Nil)
// promise: first those whose month is over, then each month from the current one
// on, last those without a date. The time zone is the tenant's.
func (s *Service) Forecast(ctx context.Context, p auth.Principal, pipeline uuid.UUID, q listing.Query) (Pipeline, []ForecastMonth, error) {
	if err := p.Require(auth.DealsRead); err != nil {
		return Pipeline{}, nil, err
	}
	one, err := s.Pipeline(ctx, p, pipeline)
	if err != nil {
		return Pipeline{}, nil, err
	}
	today := s.now().In(p.Location())
	first := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	q.Only = listing.Condition{
		SQL:  "c.pipeline_id = ? AND c.state = 'open' AND (c.expected_close < ? OR c.expected_close IS NULL)",
		Args: []any{one.ID, first.AddDate(0, ForecastMonths, 0)},
	}
	rows, err := listing.GroupsOf[monthSum](ctx, dealCards, s.source(), s.reader(p, auth.Deals), q, monthSums)
	if err != nil {
		return Pipeline{}, nil, err
	}
	months := []ForecastMonth{{Month: first.AddDate(0, -1, 0).Format("2006-01"), Late: true}}
	for i := range ForecastMonths {
		months = append(months, ForecastMonth{Month: first.AddDate(0, i, 0).Format("2006-01")})
	}
	months = append(months, ForecastMonth{})
	for _, r := range rows {
		stage, ok := one.Stage(r.StageID)
		if !ok {
			continue
		}
		sum := r.sum(stage)
		to := &months[forecastPlace(months, r.Month)].DealSum
		to.Count, to.Value, to.Weighted = to.Count+sum.Count, to.Value+sum.Value, to.Weighted+sum.Weighted
	}
	return one, months, nil
}

// forecastPlace finds the month among those of a forecast: the first is for all
// that is late, the last for what has no date.
func forecastPlace(months []ForecastMonth, month string) int {
	if month == "" {
		return len(months) - 1
	}
	for i := 1; i < len(months)-1; i++ {
		if months[i].Month == month {
			return i
		}
	}
	return 0
}
