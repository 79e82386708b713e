package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// TagPage is one page of tags, by name.
type TagPage struct {
	Tags       []Tag
	Prev, Next string // cursors of the neighbouring pages, "" where there is none
}

var tagOrder = db.Order{Name: "name", Expr: "t.name", ID: "t.id", Type: "text"}

type tagListRow struct {
	db.GetTagRow
	db.Place
}

// requireTags refuses who sees no record that could have a tag.
func requireTags(p auth.Principal) error {
	if p.Can(auth.CompaniesRead) {
		return nil
	}
	return p.Require(auth.ContactsRead)
}

// Tags returns one page of the tags. Who may configure them is told how often each
// is used, over all records of the business.
func (s *Service) Tags(ctx context.Context, p auth.Principal, cursor string, limit int) (TagPage, error) {
	if err := requireTags(p); err != nil {
		return TagPage{}, err
	}
	limit, err := checkLimit(limit)
	if err != nil {
		return TagPage{}, err
	}
	at, err := db.ParseCursor(cursor, tagOrder)
	if err != nil {
		return TagPage{}, listing.BadCursor()
	}
	l := db.NewList("t.id, t.name, t.colour, t.version, t.created_at, t.updated_at", "tags t", "t", p.TenantID)
	rows, prev, next, err := db.Page[tagListRow](ctx, s.db.Tenant(p.TenantID), l, tagOrder, at, limit)
	if errors.Is(err, db.ErrBadCursor) {
		return TagPage{}, listing.BadCursor()
	}
	if err != nil {
		return TagPage{}, fmt.Errorf("list tags: %w", err)
	}
	page := TagPage{Tags: make([]Tag, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		page.Tags[i] = tagFromRow(r.GetTagRow)
	}
	return page, s.describe(ctx, p, page.Tags)
}

// Tag returns one tag as Tags does.
func (s *Service) Tag(ctx context.Context, p auth.Principal, id uuid.UUID) (Tag, error) {
	if err := requireTags(p); err != nil {
		return Tag{}, err
	}
	row, err := s.db.Tenant(p.TenantID).GetTag(ctx, db.GetTagParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Tag{}, errNoTag()
	}
	if err != nil {
		return Tag{}, fmt.Errorf("get tag %s: %w", id, err)
	}
	one := []Tag{tagFromRow(row)}
	err = s.describe(ctx, p, one)
	return one[0], err
}

// tagUsesLife bounds how long the uses of tags are kept that nobody looks at again.
const tagUsesLife = 10 * time.Minute

var tagUses = cache.JSON[[]TagUses]("tag-uses-1")

// describe adds how often the tags are used, and which of them are being changed.
func (s *Service) describe(ctx context.Context, p auth.Principal, tags []Tag) error {
	if !p.Can(auth.TagsConfigure) || len(tags) == 0 {
		return nil
	}
	names := make([]string, len(tags))
	quoted := make([]string, len(tags))
	for i, t := range tags {
		names[i], quoted[i] = t.Name, strconv.Quote(t.Name)
	}
	it := cache.Item{Tenant: p.TenantID, Key: "tag-uses " + strings.Join(quoted, " "), Tags: []string{tagTagList, tagContactList, tagCompanyList}, TTL: tagUsesLife}
	uses, err := cache.Remember(ctx, s.cache, it, tagUses, func(ctx context.Context) ([]TagUses, error) {
		rows, err := s.db.Tenant(p.TenantID).CountTagUses(ctx, db.CountTagUsesParams{Names: names, Most: MaxTagUses + 1})
		if err != nil {
			return nil, fmt.Errorf("count the uses of tags: %w", err)
		}
		out := make([]TagUses, len(names))
		for _, r := range rows {
			out[slices.Index(names, r.Name)] = TagUses{Contacts: r.Contacts, Companies: r.Companies}
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	open, err := s.db.Tenant(p.TenantID).ListOpenTagRuns(ctx, p.TenantID)
	if err != nil {
		return fmt.Errorf("list open changes of tags: %w", err)
	}
	for i := range tags {
		tags[i].Uses = &uses[i]
		tags[i].Busy = slices.ContainsFunc(open, func(r db.ListOpenTagRunsRow) bool { return r.FromName == tags[i].Name || r.ToName == tags[i].Name })
	}
	return nil
}

// SuggestTags returns up to 20 names of tags that hold part, those that begin with
// it first. Every name is told to everybody who sees records: otherwise people would
// make a tag again that exists.
func (s *Service) SuggestTags(ctx context.Context, p auth.Principal, part string) ([]string, error) {
	if err := requireTags(p); err != nil {
		return nil, err
	}
	if part = normalTag(part); !printable(part) {
		return nil, nil
	}
	names, err := s.db.Tenant(p.TenantID).SuggestTags(ctx, db.SuggestTagsParams{TenantID: p.TenantID, Part: part})
	if err != nil {
		return nil, fmt.Errorf("suggest tags: %w", err)
	}
	return names, nil
}

// tagColoursLife bounds what the colours of a business take up where nobody works.
const tagColoursLife = time.Hour

var tagColours = cache.JSON[map[string]string]("tag-colours-1")

// TagColours returns the colours of the tags that are not grey, by name.
func (s *Service) TagColours(ctx context.Context, p auth.Principal) (map[string]string, error) {
	if err := requireTags(p); err != nil {
		return nil, err
	}
	it := cache.Item{Tenant: p.TenantID, Key: "tag-colours", Tags: []string{tagTagList}, TTL: tagColoursLife}
	return cache.Remember(ctx, s.cache, it, tagColours, func(ctx context.Context) (map[string]string, error) {
		rows, err := s.db.Tenant(p.TenantID).ListTagColours(ctx, p.TenantID)
		if err != nil {
			return nil, fmt.Errorf("list the colours of tags: %w", err)
		}
		out := make(map[string]string, len(rows))
		for _, r := range rows {
			out[r.Name] = r.Colour
		}
		return out, nil
	})
}

// ensureTags makes the tags of these names that there are not yet, in the
// transaction that writes them into records. Whoever may write a record may give it
// a name that is new.
func ensureTags(ctx context.Context, tx *change.Tx, names []string) error {
	if len(names) == 0 {
		return nil
	}
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	ids := make([]uuid.UUID, len(names))
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	made, err := tx.Q.EnsureTags(ctx, db.EnsureTagsParams{TenantID: tx.Actor.TenantID, Ids: ids, Names: names, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("make new tags: %w", err)
	}
	events := make([]change.Event, len(made))
	for i, row := range made {
		events[i] = change.Event{Action: "tag.create", Entity: entityTag, EntityID: row.ID, After: tagFromRow(db.GetTagRow(row))}
	}
	return tx.RecordAll(ctx, events)
}

// TagNamed returns the tag of that name, however it is spelt. None is refused as a
// value of the field "into".
func (s *Service) TagNamed(ctx context.Context, p auth.Principal, name string) (Tag, error) {
	if err := requireTags(p); err != nil {
		return Tag{}, err
	}
	var f apperr.Fields
	if name = normalTag(name); !printable(name) {
		f.Add("into", "There is no tag of this name.")
		return Tag{}, f.Err()
	}
	row, err := s.db.Tenant(p.TenantID).GetTagNamed(ctx, db.GetTagNamedParams{TenantID: p.TenantID, Name: name})
	if err != nil && !db.IsNoRows(err) {
		return Tag{}, fmt.Errorf("get a tag by its name: %w", err)
	}
	f.Check(err == nil, "into", "There is no tag of this name.")
	return tagFromRow(db.GetTagRow(row)), f.Err()
}
