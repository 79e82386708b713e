package crm

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
)

// reasonColumn is the column that the file of refused rows has besides its own.
const reasonColumn = "Why it was not taken"

// columnKey reduces a column's name to what it means: "E-mail 1 - Value" and
// "email1value" are one.
func columnKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// headerKey is what files with the same columns have in common, corrected refused
// rows included.
func headerKey(columns []string) string {
	h := sha256.New()
	for _, c := range columns {
		if c != reasonColumn {
			_, _ = h.Write([]byte(columnKey(c) + "\n")) // a hash takes everything
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ImportColumn tells what becomes of one column of a file.
type ImportColumn struct {
	Column string `json:"column"` // its name in the file
	Field  string `json:"field"`  // one of ImportFields, "" when the column is ignored
}

// matchColumns finds the field of each column by its name.
func matchColumns(fields []ImportField, header []string) []ImportColumn {
	out := make([]ImportColumn, len(header))
	for i, name := range header {
		out[i].Column = name
		for _, f := range fields {
			if slices.Contains(f.columns, columnKey(name)) {
				out[i].Field = f.Name
			}
		}
	}
	return out
}

// mapColumns gives the columns the fields that the user chose.
func mapColumns(header []string, mapping map[string]string) []ImportColumn {
	out := make([]ImportColumn, len(header))
	for i, name := range header {
		out[i] = ImportColumn{Column: name, Field: mapping[name]}
	}
	return out
}

// identifies reports whether rows with these columns can be records.
func identifies(fields []ImportField, columns []ImportColumn) bool {
	return slices.ContainsFunc(columns, func(c ImportColumn) bool {
		return slices.ContainsFunc(fields, func(f ImportField) bool { return f.identity && f.Name == c.Field })
	})
}

func isImportField(fields []ImportField, name string) bool {
	return name == "" || slices.ContainsFunc(fields, func(f ImportField) bool { return f.Name == name })
}

// fieldColumns are the columns of one field, the one to prefer first.
type fieldColumns struct {
	ImportField
	places []int
}

func columnsByField(fields []ImportField, columns []ImportColumn) []fieldColumns {
	var out []fieldColumns
	for _, f := range fields {
		g := fieldColumns{ImportField: f}
		for i, c := range columns {
			if c.Field == f.Name {
				g.places = append(g.places, i)
			}
		}
		if !f.joined { // a street comes before its city, as in the file
			slices.SortStableFunc(g.places, func(a, b int) int {
				return cmp.Compare(g.preference(columns[a].Column), g.preference(columns[b].Column))
			})
		}
		if g.places != nil {
			out = append(out, g)
		}
	}
	return out
}

// preference is the place of a column's name among those of the field; names that
// only the user mapped come first.
func (f ImportField) preference(column string) int { return slices.Index(f.columns, columnKey(column)) }
