package api

import (
	"payaid/handlers/respond"
	"payaid/internal/listing"
)

// Record is the body that holds one record.
type Record[T any] struct {
	Data T `json:"data"`
}

// List is the body that holds one page of records.
type List[T any] struct {
	Data []T  `json:"data" nullable:"false"`
	Meta Meta `json:"meta"`
}

// Meta tells where in its list a page stands.
type Meta struct {
	Limit       int     `json:"limit" example:"25" doc:"Records a page has at most"`
	NextCursor  *string `json:"nextCursor" doc:"Send it as cursor to get the page after this one; null on the last page"`
	PrevCursor  *string `json:"prevCursor" doc:"Send it as cursor to get the page before this one; null on the first page"`
	Total       *int    `json:"total,omitempty" example:"248" doc:"Records in the whole list, counted up to 10,000; absent when it was not wanted or would cost too much"`
	TotalCapped *bool   `json:"totalCapped,omitempty" doc:"True when there are more records than total says"`
}

// recordAnswer is one record with its version.
type recordAnswer[T any] struct {
	ETag string `header:"ETag" doc:"The record's version, for If-Match and If-None-Match" example:"\"3\""`
	Body Record[T]
}

// createdAnswer is a new record, with its address.
type createdAnswer[T any] struct {
	ETag     string `header:"ETag" doc:"The record's version, for If-Match and If-None-Match" example:"\"1\""`
	Location string `header:"Location" doc:"The path of the new record"`
	Body     Record[T]
}

// listAnswer is one page of a list.
type listAnswer[T any] struct {
	ETag string `header:"ETag" doc:"Changes whenever anything in the page does, for If-None-Match"`
	Body List[T]
}

func recordOf[T any](v T, version int64) *recordAnswer[T] {
	return &recordAnswer[T]{ETag: respond.ETag(version), Body: Record[T]{Data: v}}
}

func createdAt[T any](path string, v T, version int64) *createdAnswer[T] {
	return &createdAnswer[T]{ETag: respond.ETag(version), Location: path, Body: Record[T]{Data: v}}
}

// pageOf is a page as programs see it; limit is what they asked for.
func pageOf[A, B any](page listing.Page[A], limit int, f func(A) B) *listAnswer[B] {
	meta := Meta{Limit: limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev), Total: &page.Total, TotalCapped: &page.Capped}
	return &listAnswer[B]{Body: List[B]{Data: each(page.Items, f), Meta: meta}}
}

// trashPage is a page of the trash, which is not counted.
func trashPage[A, B any](page listing.Page[A], limit int, f func(A) B) *listAnswer[B] {
	meta := Meta{Limit: limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[B]{Body: List[B]{Data: each(page.Items, f), Meta: meta}}
}

// each turns every element of a page into what leaves the house.
func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

// cursor returns nil for "", so that loops end at null.
func cursor(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// readAnswer is something that is read and has no version of its own.
type readAnswer[T any] struct {
	ETag string `header:"ETag" doc:"Changes whenever the answer does, for If-None-Match"`
	Body Record[T]
}
