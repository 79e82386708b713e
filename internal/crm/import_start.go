package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// MaxImportSize is how large an uploaded file may be, in bytes.
const MaxImportSize = 50 << 20

// cleanupTimeout bounds the removal of a file that no import refers to.
const cleanupTimeout = 10 * time.Second

var errTooLarge = apperr.New(apperr.TooLarge, "This file is larger than 50 MB. Split it into several files.")

// ImportInput describes an upload.
type ImportInput struct {
	FileName   string
	Body       io.Reader
	Size       int64             // in bytes, -1 when unknown
	Entity     string            // EntityContacts or EntityCompanies
	Mapping    map[string]string // column to the name of one of ImportFields, "" to ignore it; empty: matched by the columns' names
	Duplicates string            // skip when ""
	DryRun     bool
}

// StartImport keeps the file and enqueues the job that reads it. It refuses, all
// reasons at once, what it can tell from the input and the file's header; a file of
// more than MaxImportSize is TooLarge. The file stays in the blob store after the
// import, as the source of what it brought in.
func (s *Service) StartImport(ctx context.Context, p auth.Principal, in ImportInput) (Import, error) {
	if err := requireImport(p, in.Entity); err != nil {
		return Import{}, err
	}
	id := uuid.Must(uuid.NewV7())
	file, err := s.receive(ctx, p, in, id)
	var f apperr.Fields
	if e := apperr.From(err); err != nil && e.Code == apperr.Validation {
		f.Add("file", e.Field("file"))
	} else if err != nil {
		return Import{}, err
	}
	mapping, err := in.check(&f, file)
	if err != nil {
		s.dropFile(ctx, file.Key)
		return Import{}, err
	}
	start := importStart{id: id, entity: in.Entity, fileName: cleanFileName(in.FileName), key: file.Key, size: file.Size, mapping: mapping, duplicates: in.Duplicates, dryRun: in.DryRun}
	input := struct {
		Entity, Duplicates, SHA256 string
		Mapping                    map[string]string
		DryRun                     bool
	}{in.Entity, in.Duplicates, file.SHA256, in.Mapping, in.DryRun}
	out, err := change.Do(ctx, s.write, p.Actor(), "import.start", input, func(ctx context.Context, tx *change.Tx) (Import, error) {
		if len(in.Mapping) > 0 {
			if err := rememberMapping(ctx, tx, start); err != nil {
				return Import{}, err
			}
		}
		return insertImport(ctx, tx, p, start)
	})
	if err != nil || out.ID != id { // nothing written, or a repeated request whose import is there already
		s.dropFile(ctx, file.Key)
	}
	return out, err
}

// requireImport asks for the right to bring in records of the entity. An entity
// that does not exist is refused with the rest of the input.
func requireImport(p auth.Principal, entity string) error {
	if e := importEntities[entity]; e != nil {
		write, _ := e.rights()
		return p.Require(write)
	}
	return requireAnyImport(p)
}

// requireAnyImport asks for the right to bring in records of some kind.
func requireAnyImport(p auth.Principal) error {
	if len(ImportEntities(p)) > 0 {
		return nil
	}
	return p.Require(auth.ContactsWrite)
}

// check validates the input together with the header of its file, which f knows if
// it could not be read.
func (in *ImportInput) check(f *apperr.Fields, file upload) (ImportMapping, error) {
	unread := f.Err() != nil || ImportFields(in.Entity) == nil
	fields := ImportFields(in.Entity)
	checkDuplicates(f, &in.Duplicates)
	f.Check(fields != nil, "entity", "Choose "+strings.Join(slices.Sorted(maps.Keys(importEntities)), " or ")+": nothing else can be imported yet.")
	for _, column := range slices.Sorted(maps.Keys(in.Mapping)) {
		field := in.Mapping[column]
		f.Check(isImportField(fields, field), "mapping."+column, fmt.Sprintf("There is no field %q. Choose one of %s.", field, fieldNames(fields)))
		f.Check(unread || slices.Contains(file.columns, column), "mapping."+column, "The file has no column of this name.")
	}
	m := ImportMapping{Format: file.format}
	if len(in.Mapping) == 0 {
		m.Columns = matchColumns(fields, file.columns)
		f.Check(unread || identifies(fields, m.Columns), "file", "No column for "+identityOf(in.Entity)+" was found. The first line has to name the columns, for example Name, Email, Phone.")
	} else {
		m.Columns = mapColumns(file.columns, in.Mapping)
		f.Check(fields == nil || identifies(fields, m.Columns), "mapping", sayNoIdentity(in.Entity))
	}
	return m, f.Err()
}

func sayNoIdentity(entity string) string { return "Choose a column for " + identityOf(entity) + "." }

func identityOf(entity string) string {
	if e := importEntities[entity]; e != nil {
		return e.identity()
	}
	return "the name"
}

func checkDuplicates(f *apperr.Fields, duplicates *string) {
	if *duplicates == "" {
		*duplicates = DuplicatesSkip
	}
	f.Check(slices.Contains([]string{DuplicatesSkip, DuplicatesUpdate, DuplicatesCreate}, *duplicates), "duplicates", "Choose skip, update or create.")
}

func fieldNames(fields []ImportField) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// importStart is what is known of an import when it begins.
type importStart struct {
	id                    uuid.UUID
	entity, fileName, key string
	size                  int64
	mapping               ImportMapping
	duplicates            string
	dryRun                bool
}

// insertImport writes the import down and enqueues its job.
func insertImport(ctx context.Context, tx *change.Tx, p auth.Principal, in importStart) (Import, error) {
	columns, err := json.Marshal(in.mapping)
	if err != nil {
		return Import{}, fmt.Errorf("write the mapping: %w", err)
	}
	args := ImportArgs{TenantID: p.TenantID, ImportID: in.id, ActorKind: tx.Actor.Kind, ActorID: tx.Actor.ID}
	progress := jobs.Progress{ID: in.id, Kind: args.Kind(), Total: in.size, CreatedBy: p.User(), CreatedAt: tx.Now}
	if err := jobs.CreateProgress(ctx, tx.Q, p.TenantID, progress); err != nil {
		return Import{}, err
	}
	err = tx.Q.InsertImport(ctx, db.InsertImportParams{
		TenantID: p.TenantID, ID: in.id, Entity: in.entity, FileName: in.fileName, BlobKey: in.key, Mapping: columns,
		Duplicates: in.duplicates, DryRun: in.dryRun, CreatedBy: p.User(), Now: tx.Now,
	})
	if err != nil {
		return Import{}, fmt.Errorf("insert the import: %w", err)
	}
	row, err := tx.Q.GetImport(ctx, db.GetImportParams{TenantID: p.TenantID, ID: in.id})
	if err != nil {
		return Import{}, fmt.Errorf("read the import back: %w", err)
	}
	out, err := importFromRow(row)
	if err != nil {
		return Import{}, err
	}
	if err := tx.Record(ctx, change.Event{Action: "import.start", Entity: entityImport, EntityID: in.id, After: out}); err != nil {
		return Import{}, err
	}
	return out, tx.Enqueue(ctx, args)
}

// rememberMapping keeps the chosen fields for the next file with this header.
func rememberMapping(ctx context.Context, tx *change.Tx, in importStart) error {
	names := make([]string, len(in.mapping.Columns))
	for i, c := range in.mapping.Columns {
		names[i] = c.Column
	}
	columns, err := json.Marshal(in.mapping.Columns)
	if err != nil {
		return fmt.Errorf("write the mapping: %w", err)
	}
	err = tx.Q.SetImportMapping(ctx, db.SetImportMappingParams{
		TenantID: tx.Actor.TenantID, Entity: in.entity, Header: headerKey(names), Columns: columns, Now: tx.Now,
	})
	return wrap(err, "remember the mapping")
}
