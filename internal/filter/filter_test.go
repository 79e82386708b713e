package filter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var fields = Fields{
	{Name: "stage", Kind: Choice, Choices: []string{"new", "old"}, Column: "x.stage"},
	{Name: "tag", Kind: Words, Match: "x.tags && ?", Empty: "x.tags = '{}'"},
	{Name: "owner", Kind: Words, Match: "x.owner = ANY (?)", Empty: "x.owner IS NULL", IsMe: "x.owner_id = ?"},
	{Name: "score", Kind: Number, Column: "x.score"},
	{Name: "due", Kind: Day, Column: "x.due", Empty: "x.due IS NULL"},
	{Name: "made", Kind: Moment, Column: "x.made"},
}

// What is read prints in one form, which reads as the same again.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"  \t\n ":                          "",
		"stage:new":                        "stage:new",
		" STAGE:new ":                      "stage:new",
		"stage:new tag:a":                  "stage:new tag:a",
		"stage:new AND tag:a":              "stage:new tag:a",
		"stage:new or tag:a tag:b":         "stage:new or tag:a tag:b",
		"(stage:new or tag:a) tag:b":       "(stage:new or tag:a) tag:b",
		"((stage:new))":                    "stage:new",
		"(tag:a tag:b) tag:c":              "tag:a tag:b tag:c",
		"-tag:a":                           "-tag:a",
		"not tag:a":                        "-tag:a",
		"- - tag:a":                        "tag:a",
		"-(tag:a or tag:b)":                "-(tag:a or tag:b)",
		"tag:a,b,\"c d\"":                  `tag:a,b,"c d"`,
		`tag:"or"`:                         `tag:"or"`,
		`tag:"none",none,any`:              `tag:"none",none,any`,
		`tag:"say ""hi"""`:                 `tag:"say ""hi"""`,
		`tag:"" owner:me`:                  `tag:"" owner:me`,
		"tag:न,é":                          "tag:न,é",
		"tag:or or tag:and":                "tag:or or tag:and",
		"score:50 score:50.. score:-5..20": "score:50 score:50.. score:-5..20",
		"due:today due:2026-02..2026-03-05 due:..yesterday due:next-7-days made:last-30-days due:none": "due:today due:2026-02..2026-03-05 due:..yesterday due:next-7-days made:last-30-days due:none",
	} {
		e, err := Parse(text, fields)
		if err != nil || e.String() != want {
			t.Errorf("%q reads as %q, %v; want %q", text, e, err, want)
		}
		if again, err := Parse(e.String(), fields); err != nil || again.String() != e.String() {
			t.Errorf("%q does not read as itself: %q, %v", e, again, err)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for text, want := range map[string]struct {
		at    int
		words string
	}{
		"customers":                       {1, "stage:new"},
		"stage":                           {1, "missing"},
		"stage:":                          {7, "value"},
		"stage:new,":                      {11, "value"},
		"tag:a  city:x":                   {8, `no field "city". Use one of stage, tag`},
		"stage:gone":                      {7, "new, old"},
		"stage:none":                      {7, "new, old"},
		"stage:new)":                      {10, "no ("},
		"(stage:new":                      {11, ") is missing"},
		"stage:new or":                    {13, "missing"},
		"or stage:new":                    {1, "missing"},
		"-":                               {2, "missing"},
		"tag:a:b":                         {6, "space"},
		`tag:a"b"`:                        {6, "space"},
		`tag:"a`:                          {6, "do not end"},
		"tag:\"a\x00\"":                   {7, "cannot stand"},
		"tag:a\x00":                       {6, "space"},
		"score:x":                         {7, "20..80, or"},
		"score:..":                        {7, "whole number"},
		"score:1.5":                       {7, "whole number"},
		"score:99999999999":               {7, "whole number"},
		"due:soon":                        {5, "or none, or any"},
		"due:2026-02-30":                  {5, "a day"},
		"due:last-0-days":                 {5, "a day"},
		"made:none":                       {6, "a day"},
		"tag:me owner:me stage:me":        {23, "new, old"},
		strings.Repeat("(", 20):           {8, "too deeply"},
		strings.Repeat("-", 20):           {8, "too deeply"},
		strings.Repeat("tag:a ", 41):      {245, "at most 40"},
		"tag:" + strings.Repeat("a,", 60): {106, "at most 50"},
		strings.Repeat("x", 2001):         {2000, "2000 characters"},
	} {
		_, err := Parse(text, fields)
		wrong, ok := errors.AsType[*Error](err)
		words := strings.TrimSuffix(want.words, ", or")
		if !ok || wrong.At != want.at || !strings.Contains(wrong.Message, words) {
			t.Errorf("%.30q: %v; want character %d, %q", text, err, want.at, words)
		}
	}
}

func TestCondition(t *testing.T) {
	ist := time.FixedZone("IST", 5*3600+1800)
	me := uuid.New()
	a := Asker{ID: me, Now: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), Location: ist} // Monday the 23rd in India
	start := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, ist) }
	for text, want := range map[string]struct {
		sql  string
		args []any
	}{
		"":                        {"true", nil},
		"stage:new,OLD":           {"(x.stage = ANY (?::text[]))", []any{[]string{"new", "old"}}},
		"-tag:A,none":             {"((x.tags = '{}') OR (x.tags && ?)) IS NOT TRUE", []any{[]string{"a"}}},
		"owner:me,any":            {"(x.owner_id = ?) OR (x.owner IS NULL) IS NOT TRUE", []any{me}},
		`tag:"none" or score:5..`: {"((x.tags && ?)) OR ((x.score >= ?::int))", []any{[]string{"none"}, 5}},
		"score:..7 score:3":       {"((x.score <= ?::int)) AND ((x.score >= ?::int AND x.score <= ?::int))", []any{7, 3, 3}},
		"due:today":               {"(x.due >= ?::text::date AND x.due < ?::text::date)", []any{"2026-11-23", "2026-11-24"}},
		"due:this-week":           {"(x.due >= ?::text::date AND x.due < ?::text::date)", []any{"2026-11-23", "2026-11-30"}},
		"due:last-month":          {"(x.due >= ?::text::date AND x.due < ?::text::date)", []any{"2026-10-01", "2026-11-01"}},
		"due:..yesterday":         {"(x.due < ?::text::date)", []any{"2026-11-23"}},
		"due:2026-02..2026-02-03": {"(x.due >= ?::text::date AND x.due < ?::text::date)", []any{"2026-02-01", "2026-02-04"}},
		"made:last-30-days":       {"(x.made >= ?::timestamptz AND x.made < ?::timestamptz)", []any{start(10, 25), start(11, 24)}},
		"made:next-7-days..":      {"(x.made >= ?::timestamptz)", []any{start(11, 23)}},
	} {
		e, err := Parse(text, fields)
		if err != nil {
			t.Fatal(err)
		}
		sql, args := fields.Condition(e, a)
		if sql != want.sql || fmt.Sprint(args) != fmt.Sprint(want.args) {
			t.Errorf("%s:\n%s %v; want\n%s %v", text, sql, args, want.sql, want.args)
		}
	}
}

// Whatever somebody writes: what is read prints and reads again as the same, and
// the SQL is put together from our own words and as many ? as there are arguments.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"stage:new", "(stage:new or tag:a) -tag:b", `tag:"' OR 1=1 --",?,$1`, "due:2026-01..today", "made:last-3-days", "owner:me,none", "((((((tag:a or tag:b tag:c))))))", "-(-(-tag:\"x\"))",
	} {
		f.Add(seed)
	}
	ours := strings.NewReplacer("x.stage = ANY (?::text[])", "", "x.tags && ?", "", "x.tags = '{}'", "", "x.owner = ANY (?)", "", "x.owner IS NULL", "", "x.owner_id = ?", "",
		"x.score >= ?::int", "", "x.score <= ?::int", "", "x.due >= ?::text::date", "", "x.due < ?::text::date", "", "x.due IS NULL", "", "x.made >= ?::timestamptz", "", "x.made < ?::timestamptz", "",
		"IS NOT TRUE", "", "AND", "", "OR", "", "true", "", "(", "", ")", "", " ", "")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, fields)
		if err != nil {
			if wrong, ok := errors.AsType[*Error](err); !ok || wrong.At < 1 || wrong.At > len([]rune(text))+1 || wrong.Message == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := Parse(e.String(), fields)
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q prints as %q, which reads as %q, %v", text, e, again, err)
		}
		sql, args := fields.Condition(e, Asker{Now: time.Unix(0, 0), Location: time.UTC})
		if rest := ours.Replace(sql); rest != "" || strings.Count(sql, "?") != len(args) {
			t.Fatalf("%q becomes %s with %d arguments; not ours: %q", text, sql, len(args), rest)
		}
	})
}
