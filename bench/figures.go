package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/crm"
)

// figures are the measurements, in the order of docs/performance.md.
func (b *bench) figures() []figure {
	first := func(ctx context.Context) error { return b.page(ctx, crm.ContactFilter{Limit: 25}) }
	return []figure{
		{"one contact under the tenant guard / past it", b.rawRow, b.guardedRow},
		{"contact list, first page / its bare SQL", b.rawPage, first},
		{"contact list, last page / first page", first, func(ctx context.Context) error {
			return b.page(ctx, crm.ContactFilter{Limit: 25, Cursor: b.deep})
		}},
		{"contact search, one hit / bare SQL past RLS", b.rawSearch("last4242"), b.search("last4242")},
		{"contact search, 1,100 hits / bare SQL past RLS", b.rawSearch("last42"), b.search("last42")},
		{"contact search, 11,000 hits / bare SQL past RLS", b.rawSearch("first1"), b.search("first1")},
		{"contact search, mistyped / one hit", b.search("last4242"), b.search("lsat4242")},
		{"create a contact / the bare INSERT", b.rawInsert, b.create},
		{"contact list from the cache / without the cache", first, b.keptPage},
		{"contact list from the cache / the bare SQL", b.rawPage, b.keptPage},
		{"create with tags marked and ended / without the cache", b.create, b.createMarked},
		{"page after each write, with the cache / without", b.writeAndRead(b.crm), b.writeAndRead(b.kept)},
	}
}

func (b *bench) rawRow(ctx context.Context) error {
	_, err := db.New(b.owner).GetContact(ctx, db.GetContactParams{TenantID: b.who.TenantID, ID: b.sample})
	return err
}

func (b *bench) guardedRow(ctx context.Context) error {
	_, err := b.app.Tenant(b.who.TenantID).GetContact(ctx, db.GetContactParams{TenantID: b.who.TenantID, ID: b.sample})
	return err
}

func (b *bench) rawPage(ctx context.Context) error {
	rows, err := b.owner.Query(ctx, "SELECT id, name, email FROM contacts WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY sort_name, id LIMIT 26", b.who.TenantID)
	return drain(rows, err)
}

// rawSearch is the same page by the same index, for somebody who bypasses row
// level security and does not ask for a total.
func (b *bench) rawSearch(text string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		rows, err := b.owner.Query(ctx, "SELECT id, name, email FROM contacts WHERE tenant_id = $1 AND deleted_at IS NULL AND search LIKE $2 ORDER BY sort_name, id LIMIT 26", b.who.TenantID, "%"+text+"%")
		return drain(rows, err)
	}
}

func (b *bench) search(text string) func(ctx context.Context) error {
	return func(ctx context.Context) error { return b.page(ctx, crm.ContactFilter{Limit: 25, Query: text}) }
}

func drain(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Err()
}

func (b *bench) page(ctx context.Context, f crm.ContactFilter) error {
	_, err := b.crm.Contacts(ctx, b.who, f)
	return err
}

func (b *bench) rawInsert(ctx context.Context) error {
	id := uuid.Must(uuid.NewV7())
	_, err := b.owner.Exec(ctx, "INSERT INTO contacts (tenant_id, id, first_name, email, created_at, updated_at) VALUES ($1, $2, 'Raw', $3, now(), now())",
		b.who.TenantID, id, id.String()+"@example.in")
	return err
}

func (b *bench) create(ctx context.Context) error {
	_, err := b.crm.CreateContact(ctx, b.who, crm.ContactInput{FirstName: "Ours", Email: uuid.NewString() + "@example.in"})
	return err
}

// findLastPage gives the deepest place in the list by name: before it stand all
// other contacts.
func (b *bench) findLastPage(ctx context.Context) error {
	first, err := b.crm.Contacts(ctx, b.who, crm.ContactFilter{Sort: "-name", Limit: 25})
	if err != nil {
		return err
	}
	last := first.Contacts[len(first.Contacts)-1]
	var key string
	if err := b.owner.QueryRow(ctx, "SELECT sort_name FROM contacts WHERE id = $1", last.ID).Scan(&key); err != nil {
		return err
	}
	b.deep = db.Cursor{Sort: "name", Value: key, ID: last.ID}.String()
	return nil
}

func (b *bench) keptPage(ctx context.Context) error {
	_, err := b.kept.Contacts(ctx, b.who, crm.ContactFilter{Limit: 25})
	return err
}

// warm reads until the list is kept, so that what is measured are hits.
func (b *bench) warm(ctx context.Context) error {
	for range 100 {
		before := b.cache.Stats().Hits
		if err := b.keptPage(ctx); err != nil {
			return err
		}
		if b.cache.Stats().Hits > before {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the list is not kept")
}

func (b *bench) createMarked(ctx context.Context) error {
	_, err := b.kept.CreateContact(ctx, b.who, crm.ContactInput{FirstName: "Ours", Email: uuid.NewString() + "@example.in"})
	return err
}

// writeAndRead is the worst for a cache: nothing is read twice.
func (b *bench) writeAndRead(s *crm.Service) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := s.CreateContact(ctx, b.who, crm.ContactInput{FirstName: "Ours", Email: uuid.NewString() + "@example.in"}); err != nil {
			return err
		}
		_, err := s.Contacts(ctx, b.who, crm.ContactFilter{Limit: 25})
		return err
	}
}
