package crm_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/crm"
)

// vocabulary returns the tags of the business by name.
func (y *yard) vocabulary(t *testing.T) map[string]crm.Tag {
	t.Helper()
	out := map[string]crm.Tag{}
	cursor := ""
	for {
		page, err := y.Tags(context.Background(), y.admin, cursor, 2) // several pages
		if err != nil {
			t.Fatalf("list tags: %v", err)
		}
		for _, tag := range page.Tags {
			out[tag.Name] = tag
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func (y *yard) tagsOf(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	return query[[]string](t, y.office, "SELECT tags FROM contacts WHERE id = $1 UNION ALL SELECT tags FROM companies WHERE id = $1", id)[0]
}

func (y *yard) wantTags(t *testing.T, what string, id uuid.UUID, want ...string) {
	t.Helper()
	if got := y.tagsOf(t, id); !slices.Equal(got, want) {
		t.Errorf("%s: the record has %q, want %q", what, got, want)
	}
}

// TestTagsComeIntoTheVocabularyWithTheRecord: typed, by API, in bulk; every spelling is
// one tag, and who only writes records may do that and no more.
func TestTagsComeIntoTheVocabularyWithTheRecord(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	c := y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"VIP", "Trade  Fair", "vip"}})
	y.wantTags(t, "typed", c.ID, "vip", "trade fair")
	if _, err := y.CreateCompany(ctx, y.asha, crm.CompanyInput{Name: "Saffron Foods", Tags: []string{"Vip"}}); err != nil {
		t.Fatal(err)
	}
	run := y.start(t, y.asha, bulkTags(crm.BulkAddTags, c.ID, "Diwali"))
	wantBulk(t, "add a tag", run, 1, 0, 0)
	if _, err := y.UpdateContact(ctx, y.asha, c.ID, crm.ContactPatch{Tags: ptr([]string{"vip"})}, nil); err != nil {
		t.Fatal(err)
	}
	tags := y.vocabulary(t)
	for name, uses := range map[string]crm.TagUses{"vip": {Contacts: 1, Companies: 1}, "trade fair": {}, "diwali": {}} {
		tag, ok := tags[name]
		if !ok || tag.Uses == nil || *tag.Uses != uses || tag.Colour != "grey" {
			t.Errorf("%s: %+v, want it with %+v", name, tag, uses)
		}
	}
	if len(tags) != 3 {
		t.Errorf("there are %d tags, want 3", len(tags))
	}
	if n := query[int64](t, y.office, "SELECT count(*) FROM audit_entries WHERE action = 'tag.create'")[0]; n != 3 {
		t.Errorf("%d entries tell of new tags, want 3", n)
	}
	_, err := y.CreateTag(ctx, y.manager, crm.TagInput{Name: "forbidden"})
	wantCode(t, "a manager makes a tag", err, apperr.NoPermission)
	page, err := y.Tags(ctx, y.asha, "", 0)
	wantCode(t, "a member reads tags", err, "")
	if len(page.Tags) != 3 || page.Tags[0].Uses != nil {
		t.Errorf("a member reads %+v, want three tags without their uses", page.Tags)
	}
	names, err := y.SuggestTags(ctx, y.asha, "FAIR")
	if err != nil || !slices.Equal(names, []string{"trade fair"}) {
		t.Errorf("suggested: %q, %v", names, err)
	}
	if outside, err := y.Tags(ctx, y.out, "", 0); err != nil || len(outside.Tags) != 0 {
		t.Errorf("another tenant sees %+v, %v", outside.Tags, err)
	}
}

func bulkTags(action string, id uuid.UUID, tags ...string) bulk.Input {
	return bulk.Input{Action: action, IDs: []uuid.UUID{id}, Value: bulk.Value{Tags: tags}}
}

func TestWhatATagCanBe(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	made, err := y.CreateTag(ctx, y.admin, crm.TagInput{Name: "  Key   Account ", Colour: "green"})
	if err != nil || made.Name != "key account" || made.Colour != "green" || made.Version != 1 {
		t.Fatalf("made %+v, %v", made, err)
	}
	for what, in := range map[string]crm.TagInput{
		"no name": {Name: " "}, "a comma": {Name: "a, b"}, "a long name": {Name: string(make([]rune, 51))}, "a colour that is none": {Name: "x", Colour: "#fff"},
	} {
		_, err := y.CreateTag(ctx, y.admin, in)
		wantCode(t, what, err, apperr.Validation)
	}
	_, err = y.CreateTag(ctx, y.admin, crm.TagInput{Name: "KEY account"})
	wantCode(t, "the same name", err, apperr.AlreadyExists)
	_, err = y.UpdateTag(ctx, y.admin, made.ID, crm.TagPatch{Colour: ptr("red")}, ptr(int64(7)))
	wantCode(t, "an old version", err, apperr.Conflict)
	_, err = y.UpdateTag(ctx, y.out, made.ID, crm.TagPatch{Colour: ptr("red")}, nil)
	wantCode(t, "another tenant's", err, apperr.NotFound)
	after, err := y.UpdateTag(ctx, y.admin, made.ID, crm.TagPatch{Colour: ptr("red")}, &made.Version)
	if err != nil || after.Colour != "red" || after.Version != 2 {
		t.Errorf("recoloured: %+v, %v", after, err)
	}
	colours, err := y.TagColours(ctx, y.noor)
	if err != nil || colours["key account"] != "red" || len(colours) != 1 {
		t.Errorf("colours: %v, %v", colours, err)
	}
}

// TestARenamedTagTakesItsRecordsAndViewsAlong: those in the trash and those of others
// too, with their history, and what views show stays the same.
func TestARenamedTagTakesItsRecordsAndViewsAlong(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	mine := y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"vip", "x"}})
	theirs := y.add(t, y.zoya, crm.ContactInput{FirstName: "Diya", Tags: []string{"vip", "key account"}})
	if _, err := y.DeleteContact(ctx, y.zoya, theirs.ID, nil); err != nil {
		t.Fatal(err)
	}
	firm, err := y.CreateCompany(ctx, y.asha, crm.CompanyInput{Name: "Saffron Foods", Tags: []string{"vip"}})
	if err != nil {
		t.Fatal(err)
	}
	view, err := y.CreateView(ctx, y.asha, crm.ViewInput{Name: "Best", Filter: `stage:prospect -(tag:VIP,x or tag:any)`})
	if err != nil {
		t.Fatal(err)
	}
	vip := y.vocabulary(t)["vip"]
	_, err = y.UpdateTag(ctx, y.admin, vip.ID, crm.TagPatch{Name: ptr("x")}, nil)
	wantCode(t, "a name that there is", err, apperr.AlreadyExists)
	y.wantTags(t, "after a refusal", mine.ID, "vip", "x")

	if _, err := y.UpdateTag(ctx, y.admin, vip.ID, crm.TagPatch{Name: ptr("None")}, &vip.Version); err != nil {
		t.Fatal(err)
	}
	y.wantTags(t, "mine", mine.ID, "none", "x")
	y.wantTags(t, "in the trash", theirs.ID, "none", "key account")
	y.wantTags(t, "a company", firm.ID, "none")
	view, err = y.View(ctx, y.asha, view.ID)
	if want := `stage:prospect -(tag:"none",x or tag:any)`; err != nil || view.Filter != want || view.Version != 2 {
		t.Errorf("the view asks for %s (%v), want %s", view.Filter, err, want)
	}
	now, err := y.Contact(ctx, y.asha, mine.ID)
	if err != nil || now.Version != mine.Version+1 {
		t.Errorf("version %d, want %d (%v)", now.Version, mine.Version+1, err)
	}
	history, err := y.ContactRecords().History(ctx, y.asha, mine.ID, "")
	if err != nil || len(history.Entries) != 2 || history.Entries[0].Actor != "Admin" {
		t.Errorf("the history has %+v, %v", history.Entries, err)
	}
	if tags := y.vocabulary(t); tags["none"].ID != vip.ID || tags["none"].Busy || len(tags) != 3 {
		t.Errorf("the tags are %+v", tags)
	}
}

func TestMergedTagsAreOne(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	both := y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"prospective", "x", "lead"}})
	one := y.add(t, y.asha, crm.ContactInput{FirstName: "Diya", Tags: []string{"prospective"}})
	view, err := y.CreateView(ctx, y.asha, crm.ViewInput{Name: "Leads", Filter: "tag:lead,prospective"})
	if err != nil {
		t.Fatal(err)
	}
	tags := y.vocabulary(t)
	_, err = y.MergeTag(ctx, y.admin, tags["lead"].ID, tags["lead"].ID, nil)
	wantCode(t, "into itself", err, apperr.Validation)
	_, err = y.MergeTag(ctx, y.admin, tags["lead"].ID, uuid.New(), nil)
	wantCode(t, "into nothing", err, apperr.Validation)
	_, err = y.MergeTag(ctx, y.manager, tags["prospective"].ID, tags["lead"].ID, nil)
	wantCode(t, "without the right", err, apperr.NoPermission)
	if _, err := y.MergeTag(ctx, y.admin, tags["prospective"].ID, tags["lead"].ID, nil); err != nil {
		t.Fatal(err)
	}
	y.wantTags(t, "with both", both.ID, "lead", "x")
	y.wantTags(t, "with one", one.ID, "lead")
	if view, err = y.View(ctx, y.asha, view.ID); err != nil || view.Filter != "tag:lead" {
		t.Errorf("the view asks for %s, %v", view.Filter, err)
	}
	if _, ok := y.vocabulary(t)["prospective"]; ok {
		t.Error("the merged tag is still there")
	}
}

// TestADeletedTagComesBackToItsRecords: to those from which it was taken, whatever
// happened to them since, and to no other.
func TestADeletedTagComesBackToItsRecords(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	had := y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"vip", "x"}})
	never := y.add(t, y.asha, crm.ContactInput{FirstName: "Diya", Tags: []string{"x"}})
	vip := y.vocabulary(t)["vip"]
	if _, err := y.UpdateTag(ctx, y.admin, vip.ID, crm.TagPatch{Colour: ptr("pink")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := y.DeleteTag(ctx, y.admin, vip.ID, nil); err != nil {
		t.Fatal(err)
	}
	y.wantTags(t, "deleted", had.ID, "x")
	if _, err := y.UpdateContact(ctx, y.asha, had.ID, crm.ContactPatch{Tags: ptr([]string{"x", "later"})}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := y.RestoreTag(ctx, y.out, vip.ID)
	wantCode(t, "another tenant's", err, apperr.NotFound)
	back, err := y.RestoreTag(ctx, y.admin, vip.ID)
	if err != nil || back.ID != vip.ID || back.Colour != "pink" {
		t.Fatalf("back: %+v, %v", back, err)
	}
	y.wantTags(t, "restored", had.ID, "x", "later", "vip")
	y.wantTags(t, "never had it", never.ID, "x")
	_, err = y.RestoreTag(ctx, y.admin, vip.ID)
	wantCode(t, "a second time", err, apperr.NotFound)

	if _, err := y.DeleteTag(ctx, y.admin, vip.ID, nil); err != nil {
		t.Fatal(err)
	}
	y.now = y.now.Add(8 * 24 * time.Hour)
	_, err = y.RestoreTag(ctx, y.admin, vip.ID)
	wantCode(t, "after a week", err, apperr.BusinessRule)
}

// TestAChangeOfATagGoesOnWhereItWasKilled: what one call leaves, the next one does, and
// until then nobody begins another change of the same tag.
func TestAChangeOfATagGoesOnWhereItWasKilled(t *testing.T) {
	y := newYard(t)
	ctx := context.Background()
	y.d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, tags, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'n' || i, '{vip}', now(), now() FROM generate_series(1, 450) i`, y.tenant)
	y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"vip"}})
	vip := y.vocabulary(t)["vip"]
	gone, stop := context.WithCancel(ctx)
	runs := 0
	y.d.OwnerExec(t, `CREATE FUNCTION stop_third() RETURNS trigger LANGUAGE plpgsql AS $f$
		BEGIN IF NEW.done > 200 THEN RAISE EXCEPTION 'killed'; END IF; RETURN NEW; END $f$`)
	y.d.OwnerExec(t, "CREATE TRIGGER stop_third BEFORE UPDATE ON tag_runs FOR EACH ROW EXECUTE FUNCTION stop_third()")
	if _, err := y.UpdateTag(gone, y.admin, vip.ID, crm.TagPatch{Name: ptr("key")}, nil); err != nil {
		t.Fatal(err)
	}
	stop()
	count := func(tag string) int64 {
		return query[int64](t, y.office, "SELECT count(*) FROM contacts WHERE tags = ARRAY[$1]", tag)[0]
	}
	if old := count("vip"); old != 251 || count("key") != 200 {
		t.Fatalf("%d have the old name, want 251: one chunk is committed", old)
	}
	if !y.vocabulary(t)["key"].Busy {
		t.Error("nothing says that the tag is being changed")
	}
	_, err := y.DeleteTag(ctx, y.admin, vip.ID, nil)
	wantCode(t, "another change", err, apperr.Locked)
	// A record that still has the old name does not bring it back.
	y.add(t, y.asha, crm.ContactInput{FirstName: "Late", Tags: []string{"vip"}})
	y.d.OwnerExec(t, "DROP TRIGGER stop_third ON tag_runs")
	id := query[uuid.UUID](t, y.office, "SELECT id FROM tag_runs")[0]
	a := y.admin.Actor()
	args := crm.TagRunArgs{TenantID: y.tenant, RunID: id, ActorKind: a.Kind, ActorID: a.ID, ActorName: a.Name}
	for err = y.RunTags(ctx, args, false); err != nil; err = y.RunTags(ctx, args, false) {
		if runs++; runs > 3 {
			t.Fatal(err)
		}
	}
	if old := count("vip"); old != 0 || count("key") != 452 {
		t.Errorf("%d have the old name", old)
	}
	if tags := y.vocabulary(t); len(tags) != 1 || tags["key"].Busy {
		t.Errorf("the tags are %+v", tags)
	}
	if err := y.RunTags(ctx, args, false); err != nil {
		t.Errorf("once more: %v", err)
	}
	if n := query[int64](t, y.office, "SELECT count(*) FROM audit_entries WHERE action = 'contact.update'")[0]; n != 452 {
		t.Errorf("%d entries, want one for each record", n)
	}
}

// TestTheUsesOfATagAreCountedByItsIndex reads the plan of the counting.
func TestTheUsesOfATagAreCountedByItsIndex(t *testing.T) {
	y := newYard(t)
	y.d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, tags, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'n' || i, CASE WHEN i % 50 = 0 THEN '{vip}' ELSE '{}' END::text[], now(), now() FROM generate_series(1, 5000) i`, y.tenant)
	y.d.OwnerExec(t, "ANALYZE contacts")
	plan := fmt.Sprint(query[string](t, y.office, `EXPLAIN SELECT FROM contacts c
		WHERE c.tenant_id = '`+y.tenant.String()+`' AND c.deleted_at IS NULL AND c.tags <> '{}' AND c.tags @> ARRAY['vip'] LIMIT 1001`))
	if !strings.Contains(plan, "contacts_tags_idx") {
		t.Errorf("the plan is %s", plan)
	}
	c := y.add(t, y.asha, crm.ContactInput{FirstName: "Kabir", Tags: []string{"vip"}})
	if uses := y.vocabulary(t)["vip"].Uses; uses.Contacts != 101 {
		t.Errorf("%d uses, want 101", uses.Contacts)
	}
	tag, err := y.Tag(context.Background(), auth.Principal{TenantID: y.tenant, UserID: c.ID, Role: auth.Member}, y.vocabulary(t)["vip"].ID)
	if err != nil || tag.Uses != nil {
		t.Errorf("a member reads %+v, %v", tag, err)
	}
}
