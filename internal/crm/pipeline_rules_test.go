package crm_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

func TestStagesAreArranged(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	one, stages := o.stages(t)
	names := func(p crm.Pipeline) string {
		var out []string
		for _, s := range p.Stages {
			out = append(out, s.Name)
		}
		return strings.Join(out, " ")
	}
	one, err := o.AddStage(ctx, o.admin, one.ID, crm.StageInput{Name: " Sample  sent ", Probability: 60, RotDays: 5}, &one.Version)
	if err != nil || names(one) != "Lead Qualified Proposal Negotiation Sample sent Won Lost" || one.Version != 2 {
		t.Fatalf("%s, %v", names(one), err)
	}
	for _, c := range []struct {
		stage string
		at    int
		want  string
	}{
		{"Lead", 2, "Qualified Proposal Lead Negotiation Sample sent Won Lost"}, {"Negotiation", -1, "Negotiation Qualified Proposal Lead Sample sent Won Lost"},
		{"Qualified", 99, "Negotiation Proposal Lead Sample sent Qualified Won Lost"}, {"Won", 0, "Negotiation Proposal Lead Sample sent Qualified Won Lost"},
	} {
		one, err = o.UpdateStage(ctx, o.admin, one.ID, stages[c.stage].ID, crm.StagePatch{Position: &c.at}, nil)
		if err != nil || names(one) != c.want {
			t.Errorf("%s at %d: %s, %v", c.stage, c.at, names(one), err)
		}
	}
	for what, c := range map[string]struct {
		stage string
		patch crm.StagePatch
		field string
	}{
		"no name":             {"Lead", crm.StagePatch{Name: ptr(" ")}, "name"},
		"a taken name":        {"Lead", crm.StagePatch{Name: ptr("PROPOSAL")}, "name"},
		"a probability":       {"Lead", crm.StagePatch{Probability: ptr(101)}, "probability"},
		"a won one of 90 %":   {"Won", crm.StagePatch{Probability: ptr(90)}, "probability"},
		"a lost one that rot": {"Lost", crm.StagePatch{RotDays: ptr(1)}, "rotDays"},
	} {
		_, err := o.UpdateStage(ctx, o.admin, one.ID, stages[c.stage].ID, c.patch, nil)
		if e := apperr.From(err); e.Field(c.field) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = o.RenamePipeline(ctx, o.admin, one.ID, "Late", ptr(int64(1)))
	wantCode(t, "an old version", err, apperr.Conflict)
	_, err = o.UpdateStage(ctx, o.out, one.ID, stages["Lead"].ID, crm.StagePatch{Name: ptr("x")}, nil)
	wantCode(t, "another business", err, apperr.NotFound)
}

func TestAStageWithDealsDoesNotVanish(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	one, stages := o.stages(t)
	lead, next := stages["Lead"], stages["Qualified"]
	o.addDeal(t, o.asha, crm.DealInput{Name: "z", StageID: &next.ID})
	b := o.addDeal(t, o.asha, crm.DealInput{Name: "b"})
	o.addDeal(t, o.zoya, crm.DealInput{Name: "a"})
	if _, err := o.DeleteDeal(ctx, o.asha, b.ID, nil); err != nil {
		t.Fatal(err)
	}
	for what, to := range map[string]*uuid.UUID{"nowhere": nil, "itself": &lead.ID, "a lost one": ptr(stages["Lost"].ID), "one that is not there": ptr(uuid.New())} {
		_, err := o.RemoveStage(ctx, o.admin, one.ID, lead.ID, to, nil)
		if e := apperr.From(err); e.Code != apperr.Validation || !strings.Contains(e.Field("moveTo"), "2 deals") {
			t.Errorf("moved to %s: %v", what, err)
		}
	}
	for _, end := range []string{"Won", "Lost"} {
		_, err := o.RemoveStage(ctx, o.admin, one.ID, stages[end].ID, nil, nil)
		wantCode(t, "without "+end, err, apperr.BusinessRule)
	}
	after, err := o.RemoveStage(ctx, o.admin, one.ID, lead.ID, &next.ID, &one.Version)
	if err != nil || len(after.Stages) != 5 || after.Version != one.Version+1 {
		t.Fatalf("%+v, %v", after, err)
	}
	if b, err = o.RestoreDeal(ctx, o.asha, b.ID, nil); err != nil || b.Stage != "Qualified" {
		t.Errorf("out of the trash: %+v, %v", b, err)
	}
	if got := o.order(t, next.ID); got != "abz" {
		t.Errorf("the other stage: %s", got)
	}
	stays, err := o.DealStages(ctx, o.asha, b.ID)
	if err != nil || len(stays) != 2 || stays[1].Stage != "Lead" || stays[1].LeftAt == nil {
		t.Errorf("stays: %+v, %v", stays, err)
	}
	if _, err = o.RemoveStage(ctx, o.admin, one.ID, stages["Proposal"].ID, nil, nil); err != nil {
		t.Errorf("without deals: %v", err)
	}
	if _, err = o.RemoveStage(ctx, o.admin, one.ID, stages["Negotiation"].ID, nil, nil); err != nil {
		t.Errorf("without deals: %v", err)
	}
	_, err = o.RemoveStage(ctx, o.admin, one.ID, next.ID, nil, nil)
	wantCode(t, "the last open one", err, apperr.BusinessRule)
}

func TestSeveralPipelines(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	one, _ := o.stages(t)
	_, err := o.DeletePipeline(ctx, o.admin, one.ID, nil)
	wantCode(t, "the last one", err, apperr.BusinessRule)
	export, err := o.CreatePipeline(ctx, o.admin, " Export ")
	if err != nil || export.Name != "Export" || len(export.Stages) != 6 {
		t.Fatalf("%+v, %v", export, err)
	}
	_, err = o.CreatePipeline(ctx, o.admin, "EXPORT")
	wantCode(t, "the same name", err, apperr.AlreadyExists)
	d := o.addDeal(t, o.asha, crm.DealInput{Name: "x"})
	if d, err = o.MoveDeal(ctx, o.asha, d.ID, crm.DealMove{StageID: export.Stages[2].ID}, nil); err != nil || d.Pipeline != "Export" {
		t.Fatalf("%+v, %v", d, err)
	}
	_, err = o.DeletePipeline(ctx, o.admin, export.ID, nil)
	wantCode(t, "with a deal", err, apperr.BusinessRule)
	if _, err := o.DeletePipeline(ctx, o.admin, one.ID, &one.Version); err != nil {
		t.Errorf("the empty one: %v", err)
	}
	if rest, err := o.Pipelines(ctx, o.admin); err != nil || len(rest) != 1 || rest[0].ID != export.ID {
		t.Errorf("the rest: %+v, %v", rest, err)
	}
	if d, err = o.WinDeal(ctx, o.asha, d.ID, crm.DealEnd{}, nil); err != nil || d.StageID != export.Stages[4].ID {
		t.Errorf("won in the other pipeline: %+v, %v", d, err)
	}
}
