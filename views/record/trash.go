package record

import (
	"time"

	"github.com/google/uuid"
)

// TrashRow is a record in the trash.
type TrashRow struct {
	ID        uuid.UUID
	Name      string
	Note      string // what else tells it apart: an e-mail, a number
	Owner     string
	DeletedAt time.Time
}

// TrashProps describe one page of the trash, those deleted last first.
type TrashProps struct {
	Entity     Entity
	Rows       []TrashRow
	Prev, Next string // cursors, "" where there is no page
	CSRF       string
}

func (p TrashProps) page(cursor string) string {
	if cursor == "" {
		return ""
	}
	return p.Entity.TrashURL(cursor)
}

// RestoreProps describe a record that cannot be restored as it is, because something of it belongs to another one by now.
type RestoreProps struct {
	Entity  Entity
	ID      uuid.UUID
	Name    string
	Value   string // of the field that has to be unique, as it was typed now
	Error   string
	Doubles DuplicatesProps
	CSRF    string
}

func (p RestoreProps) label() string {
	f, _ := p.Entity.Find(p.Entity.Unique)
	return f.Label
}

// required reports whether the record cannot be without the field.
func (p RestoreProps) required() bool {
	f, _ := p.Entity.Find(p.Entity.Unique)
	return f.Required
}
