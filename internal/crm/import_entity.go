package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// importEntity is one kind of record that a file can bring in: what its columns can
// fill, and how rows become records. All else about imports is the same for every
// kind.
type importEntity interface {
	// kind is its name in the audit log and in cache tags: "contact".
	kind() string
	// rights are those to bring records in, and to undo that.
	rights() (write, remove auth.Right)
	// fields are what a column can fill, in the order people choose from.
	fields() []ImportField
	// identity is what a row needs one of, as a part of a sentence: "the name, …".
	identity() string
	// fold turns fields that exist in files only into those of records.
	fold(values map[string]string)
	// read lays the values of a row over a record, nil for a new one. The keys tell
	// which record a row is about, the one to believe first in front; none when it can
	// only be a new one.
	read(p auth.Principal, values map[string]string, before any) (input any, keys []string, problems []apperr.Detail)
	// unique tells that no two living records can have this key.
	unique(key string) bool
	// keyProblems say, at the key's field, that a record with this key is there
	// already, and that it may not be changed.
	keyProblems(key string) (taken, notYours apperr.Detail)
	// find returns the living records with these keys. With lock they are complete, and
	// held until the transaction ends. A key that several have leads to none.
	find(ctx context.Context, q *db.Queries, p auth.Principal, keys []string, lock bool) (map[string]heldRecord, error)
	// arrange fills in what the records of a plan refer to, and says of which nothing
	// can become. planned tells whether a dry run made a record with this key earlier.
	arrange(ctx context.Context, q *db.Queries, p auth.Principal, records []*plannedRecord, planned func(key string) bool) (map[*plannedRecord]apperr.Detail, error)
	// insert makes the records whose key is free and returns their ids.
	insert(ctx context.Context, tx *change.Tx, p auth.Principal, records []*plannedRecord) ([]uuid.UUID, error)
	// update changes records that find or findByID has locked. Both fill in what the
	// records are afterwards.
	update(ctx context.Context, tx *change.Tx, p auth.Principal, records []*plannedRecord) error
	// findByID returns those of the records that live, locked, without their keys.
	findByID(ctx context.Context, q *db.Queries, p auth.Principal, ids []uuid.UUID) ([]heldRecord, error)
	// former reads a record as the import kept it, as the input that update takes.
	former(before []byte) (input any, err error)
	// trash moves locked records to the trash.
	trash(ctx context.Context, tx *change.Tx, p auth.Principal, ids []uuid.UUID) error
}

// importEntities are the kinds of record by their name in addresses and requests.
var importEntities = map[string]importEntity{
	EntityContacts:  contactImports{},
	EntityCompanies: companyImports{},
}

// ImportEntities names the kinds of record that the principal may bring in, in the
// order people choose from.
func ImportEntities(p auth.Principal) []string {
	var out []string
	for _, name := range []string{EntityContacts, EntityCompanies} {
		if write, _ := importEntities[name].rights(); p.Can(write) {
			out = append(out, name)
		}
	}
	return out
}

// MayUndoImport reports whether the principal may undo imports of the entity.
func MayUndoImport(p auth.Principal, entity string) bool {
	e := importEntities[entity]
	if e == nil {
		return false
	}
	_, remove := e.rights()
	return p.Can(remove)
}

// ImportField is one field that a column of a file can fill.
type ImportField struct {
	Name  string
	Label string
	// columns are the names that its column may have, reduced by columnKey, the one to
	// prefer first: those of PayAid's own export, of other programs' exports, and what
	// people write by hand.
	columns  []string
	identity bool // a record needs one of these
	joined   bool // several columns are joined, in the order of the file
	single   bool // of several values in one cell the first counts
}

// ImportFields returns the fields of an entity, in the order people choose from;
// none for an entity that cannot be imported.
func ImportFields(entity string) []ImportField {
	if e := importEntities[entity]; e != nil {
		return e.fields()
	}
	return nil
}

// heldRecord is a living record that a row may be about.
type heldRecord struct {
	id        uuid.UUID
	version   int64
	record    any
	mayChange bool
}

// plannedRecord is one record that a chunk makes or changes, from one row or from
// several with the same key.
type plannedRecord struct {
	id     uuid.UUID
	before *heldRecord // nil: it is new
	values map[string]string
	input  any
	after  any // the record as it is once written
	rows   []importRow
}

// version is the one that the record has once written.
func (r *plannedRecord) version() int64 {
	if r.before == nil {
		return 1
	}
	return r.before.version + 1
}

// event is what the audit log keeps of it.
func (r *plannedRecord) event(e importEntity, action string) change.Event {
	out := change.Event{Action: e.kind() + "." + action, Entity: e.kind(), EntityID: r.id, After: r.after}
	if r.before != nil {
		out.Before = r.before.record
	}
	return out
}
