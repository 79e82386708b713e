package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// writeSlice is how many rows one statement writes.
	writeSlice = 200
	// retried is how many rows of a table that something stood in the way of are tried
	// again after all others.
	retried = 1000
	// toldClashes bounds the clashes and files that a report names.
	toldClashes = 100
)

// tenantWriter writes the differences of one tenant into the running system.
type tenantWriter struct {
	s      *Service
	tx     pgx.Tx
	tenant string
	mode   TenantMode
	now    time.Time
	report *TenantReport

	table    *tenantTable
	result   *TableResult
	waiting  map[action][]json.RawMessage
	again    []attempt
	lastPass bool
	files    []object
}

// action is one way to write a row.
type action int

const (
	insert action = iota
	undelete
	revert
	trash
)

// attempt is a row that something stood in the way of.
type attempt struct {
	action action
	row    json.RawMessage
}

// restore brings one table to what the mode wants.
func (w *tenantWriter) restore(ctx context.Context, t *tenantTable, r *archiveReader) error {
	w.report.Tables = append(w.report.Tables, TableResult{Table: t.name})
	w.table, w.result = t, &w.report.Tables[len(w.report.Tables)-1]
	w.waiting, w.again, w.lastPass = map[action][]json.RawMessage{}, nil, false
	err := differ{table: t, compared: t.compared()}.each(ctx, w.tx, w.tenant, r, func(d difference) error { return w.take(ctx, d) })
	for _, a := range []action{trash, undelete, revert, insert} {
		if err == nil {
			err = w.flush(ctx, a)
		}
	}
	// What stood in the way may have got its former values, or be in the trash, by now.
	w.lastPass = true
	for _, one := range w.again {
		if err == nil {
			err = w.write(ctx, one.action, []json.RawMessage{one.row})
		}
	}
	if err == nil {
		err = w.lookForFiles(ctx)
	}
	return err
}

// take decides what to do about one row.
func (w *tenantWriter) take(ctx context.Context, d difference) error {
	if d.kind == same {
		return nil
	}
	a, row, ok := w.decide(d)
	if !ok {
		w.result.Kept++
		return nil
	}
	v, err := parseRow(row)
	if err == nil {
		err = w.owns(v)
	}
	if err != nil {
		return err
	}
	if a != trash {
		w.noteFiles(v)
		if len(w.files) >= objectSlice {
			if err := w.lookForFiles(ctx); err != nil {
				return err
			}
		}
	}
	w.waiting[a] = append(w.waiting[a], row)
	if len(w.waiting[a]) < writeSlice {
		return nil
	}
	return w.flush(ctx, a)
}

func (w *tenantWriter) decide(d difference) (a action, row json.RawMessage, ok bool) {
	wholly := w.mode == AsItWas
	switch {
	case d.kind == missing:
		return insert, d.was, true
	case d.kind == trashed && !wholly:
		return undelete, d.was, true
	case d.kind == trashed, d.kind == changed && wholly:
		return revert, d.was, true
	case d.kind == added && wholly && w.table.hasTrash():
		return trash, d.is, true
	}
	return 0, nil, false
}

func (w *tenantWriter) flush(ctx context.Context, a action) error {
	rows := w.waiting[a]
	w.waiting[a] = nil
	if len(rows) == 0 {
		return nil
	}
	return w.write(ctx, a, rows)
}

// write writes rows together, and when something stands in the way of one, each half
// by itself, until that one is found.
func (w *tenantWriter) write(ctx context.Context, a action, rows []json.RawMessage) error {
	err := w.try(ctx, a, rows)
	refused := new(pgconn.PgError)
	if err == nil || !errors.As(err, &refused) || !standsInTheWay(refused.Code) {
		return err
	}
	if half := len(rows) / 2; half > 0 {
		if err := w.write(ctx, a, rows[:half]); err != nil {
			return err
		}
		return w.write(ctx, a, rows[half:])
	}
	if !w.lastPass && len(w.again) < retried {
		w.again = append(w.again, attempt{action: a, row: rows[0]})
		return nil
	}
	w.result.Clashes++
	if len(w.report.Clashes) < toldClashes {
		w.report.Clashes = append(w.report.Clashes, Clash{Table: w.table.name, Title: title(rows[0]), Problem: w.table.explain(refused, rows[0])})
	}
	return nil
}

// standsInTheWay tells what is the fault of one row: a violated constraint, or what
// a trigger refuses.
func standsInTheWay(code string) bool { return strings.HasPrefix(code, "23") || code == "P0001" }

func (w *tenantWriter) try(ctx context.Context, a action, rows []json.RawMessage) error {
	text := make([][]byte, len(rows))
	for i, r := range rows {
		text[i] = r
	}
	var written, detached int64
	err := pgx.BeginFunc(ctx, w.tx, func(tx pgx.Tx) error { // a savepoint
		tag, err := tx.Exec(ctx, w.table.statement(a), rowsOf(text), w.now)
		written = tag.RowsAffected()
		if err != nil || a == undelete || a == trash {
			return err
		}
		if sql := w.table.countDetached(); sql != "" {
			if err := tx.QueryRow(ctx, sql, rowsOf(text)).Scan(&detached); err != nil {
				return err
			}
		}
		if sql := w.table.keepLate(); sql != "" {
			_, err = tx.Exec(ctx, sql, rowsOf(text))
		}
		return err
	})
	if err != nil {
		return err
	}
	*map[action]*int64{insert: &w.result.Inserted, undelete: &w.result.Undeleted, revert: &w.result.Reverted, trash: &w.result.Trashed}[a] += written
	w.result.Detached += detached
	return nil
}

// linkLate fills in the references of restored rows to rows that came after them.
func (w *tenantWriter) linkLate(ctx context.Context, t *tenantTable, result *TableResult) error {
	for _, l := range t.links {
		if !l.late {
			continue
		}
		var kept int64
		if err := w.tx.QueryRow(ctx, "SELECT count(*) FROM restored_links l, "+t.record("l.row")+" r WHERE l.name = $1 AND r."+quote(l.loose[0])+" IS NOT NULL", t.name).Scan(&kept); err != nil {
			return err
		}
		tag, err := w.tx.Exec(ctx, t.fillLate(l), t.name)
		if err != nil {
			return err
		}
		result.Detached += kept - tag.RowsAffected()
	}
	return nil
}

// noteFiles remembers the files that a restored row refers to.
func (w *tenantWriter) noteFiles(v values) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		var key string
		if strings.HasSuffix(name, "blob_key") && json.Unmarshal(v[name], &key) == nil && key != "" {
			w.files = append(w.files, object{Key: key})
		}
	}
}

// lookForFiles asks the object store for them.
func (w *tenantWriter) lookForFiles(ctx context.Context) error {
	if err := w.s.measure(ctx, w.files); err != nil {
		return err
	}
	for _, o := range w.files {
		if o.Size != nil {
			continue
		}
		w.report.MissingCount++
		if len(w.report.MissingFiles) < toldClashes {
			w.report.MissingFiles = append(w.report.MissingFiles, o.Key)
		}
	}
	w.files = nil
	return nil
}

// explain says to a person why a row could not be restored.
func (t *tenantTable) explain(e *pgconn.PgError, row json.RawMessage) string {
	if columns, ok := t.uniques[e.ConstraintName]; ok {
		v, _ := parseRow(row) // it was read before
		var says []string
		for _, name := range columns {
			if name == columnTenant {
				continue
			}
			var text string
			_ = json.Unmarshal(v[strings.TrimSuffix(strings.TrimPrefix(name, "lower("), ")")], &text) // "" for what is no text
			says = append(says, strings.TrimSpace(strings.Trim(name, `"`)+" "+text))
		}
		return "another one has this by now: " + strings.Join(says, ", ")
	}
	for _, l := range t.links {
		if l.name == e.ConstraintName {
			return "it refers to a row of " + l.to + " that is gone"
		}
	}
	return fmt.Sprintf("the database refuses it (%s)", e.Message)
}
