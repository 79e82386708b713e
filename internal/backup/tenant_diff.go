package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
)

// rowChange is how a row of the running system differs from the archive's.
type rowChange int

const (
	same    rowChange = iota
	missing           // gone now
	trashed           // in the trash now
	changed           // other values now
	added             // not in the archive
)

// difference is one row that differs. was is as it stands in the archive, is as it
// stands now; one of them may be absent.
type difference struct {
	kind    rowChange
	was, is json.RawMessage
	columns []string // that differ, when kind is changed
}

// row is the text that says the most about which row is meant.
func (d difference) row() json.RawMessage {
	if d.was != nil {
		return d.was
	}
	return d.is
}

// differ compares a table of the archive with the running system's.
type differ struct {
	table    *tenantTable
	compared []string
}

// each tells of every row, those that are the same included. Both sides come in the
// order of their keys, so that neither is held in memory.
func (d differ) each(ctx context.Context, tx pgx.Tx, tenant string, was *archiveReader, tell func(difference) error) error {
	is, err := openRows(ctx, tx, d.table.rows(tenant))
	if err != nil {
		return err
	}
	then, there, err := nextOf(was, d.table.name)
	if err != nil {
		return err
	}
	now, here, err := is.next()
	for err == nil && (there || here) {
		var diff difference
		old := there && (!here || then.sortKey() <= now.sortKey())
		current := here && (!there || now.sortKey() <= then.sortKey())
		if old {
			diff.was = then.Row
		}
		if current {
			diff.is = now.Row
		}
		if err = d.judge(&diff); err == nil {
			err = tell(diff)
		}
		if err == nil && old {
			then, there, err = nextOf(was, d.table.name)
		}
		if err == nil && current {
			now, here, err = is.next()
		}
	}
	return err
}

func nextOf(r *archiveReader, table string) (archiveRow, bool, error) {
	row, err := r.next(table)
	if errors.Is(err, io.EOF) {
		return row, false, nil
	}
	return row, err == nil, err
}

// judge decides the kind. What was in the trash already is nothing that anybody
// misses: also when it is gone for good by now, which somebody may have asked for.
func (d differ) judge(diff *difference) error {
	if bytes.Equal(diff.was, diff.is) {
		return nil
	}
	was, err := parseRow(diff.was)
	if err != nil {
		return err
	}
	is, err := parseRow(diff.is)
	if err != nil {
		return err
	}
	lived, lives := living(was), living(is)
	switch {
	case !lived && !lives:
	case is == nil:
		diff.kind = missing
	case was == nil:
		diff.kind = added
	case lived && !lives:
		diff.kind = trashed
	default:
		for _, name := range d.compared {
			if !bytes.Equal(was[name], is[name]) {
				diff.columns = append(diff.columns, name)
			}
		}
		if len(diff.columns) > 0 {
			diff.kind = changed
		}
	}
	return nil
}

type values map[string]json.RawMessage

func parseRow(row json.RawMessage) (values, error) {
	if row == nil {
		return nil, nil
	}
	var v values
	if err := json.Unmarshal(row, &v); err != nil {
		return nil, fmt.Errorf("read a row: %w", err)
	}
	return v, nil
}

// living reports whether the row is there and not in the trash.
func living(v values) bool {
	return v != nil && (v[columnDeleted] == nil || string(v[columnDeleted]) == "null")
}

// title says which row is meant in words that a person knows, or "".
func title(row json.RawMessage) string {
	v, err := parseRow(row)
	if err != nil {
		return ""
	}
	for _, name := range labels {
		var text string
		if json.Unmarshal(v[name], &text) == nil && text != "" {
			return text
		}
	}
	return ""
}

// choose returns the tables to restore, in the order of the archive.
func choose(all []*tenantTable, order, names []string) ([]*tenantTable, error) {
	var out []*tenantTable
	var may []string
	for _, name := range order {
		i := slices.IndexFunc(all, func(t *tenantTable) bool { return t.name == name && t.rule.use == restored })
		if i < 0 {
			continue
		}
		may = append(may, name)
		if len(names) == 0 || slices.Contains(names, name) {
			out = append(out, all[i])
		}
	}
	for _, name := range names {
		if !slices.Contains(may, name) {
			return nil, fmt.Errorf("%w: %.60q cannot be restored for one business; these can: %v", ErrRefused, name, may)
		}
	}
	return out, nil
}
