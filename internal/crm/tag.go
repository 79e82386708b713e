package crm

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
)

const entityTag = "tag"

// Tag is one of the names under which contacts and companies are gathered. The
// records hold the names themselves.
type Tag struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"` // in lower case: every spelling is one tag
	Colour    string    `json:"colour"`
	Uses      *TagUses  `json:"-"` // nil where nobody counted
	Busy      bool      `json:"-"` // a change is still on its way through the records
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// MaxTagUses is where the counting of a tag's uses stops: more read "1,000+".
const MaxTagUses = 1000

// TagUses count the living records with a tag, each up to MaxTagUses + 1.
type TagUses struct {
	Contacts  int64 `json:"contacts"`
	Companies int64 `json:"companies"`
}

// TagColours are the colours of tags; a new tag has the first one.
var TagColours = []string{"grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"}

// TagInput is what a tag is made from.
type TagInput struct {
	Name   string
	Colour string // the first of TagColours when ""
}

// TagPatch changes the fields that are not nil.
type TagPatch struct {
	Name, Colour *string
}

// check brings the input into its stored form and refuses what no tag can be.
func (in *TagInput) check() error {
	in.Name, in.Colour = normalTag(in.Name), orDefault(in.Colour, TagColours[0])
	var f apperr.Fields
	f.Check(in.Name != "" && utf8.RuneCountInString(in.Name) <= maxTag, "name", "Give the tag a name of at most 50 characters.")
	f.Check(printable(in.Name) && !strings.ContainsAny(in.Name, ",;"), "name", "A comma or a semicolon stands between tags, and cannot be in one.")
	f.Check(slices.Contains(TagColours, in.Colour), "colour", "Choose one of "+strings.Join(TagColours, ", ")+".")
	return f.Err()
}

// normalTag is the one spelling of a tag.
func normalTag(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// retag is the tags with to in the place of from, or without from when to is "";
// to stands there once.
func retag(tags []string, from, to string) []string {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		if t == from {
			t = to
		}
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func tagFromRow(r db.GetTagRow) Tag {
	return Tag{ID: r.ID, Name: r.Name, Colour: r.Colour, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

func errNoTag() error { return apperr.New(apperr.NotFound, "This tag does not exist.") }
