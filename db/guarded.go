package db

import (
	"io/fs"
	"regexp"
	"slices"
)

var forcesRowSecurity = regexp.MustCompile(`(?m)^ALTER TABLE (\w+) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`)

// GuardedTables lists the tables whose rows belong to a tenant, as the migrations
// made them: each has row level security on and forced, and the policy "tenant".
func GuardedTables() ([]string, error) {
	files, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, f := range files {
		text, err := schemaFiles.ReadFile(f)
		if err != nil {
			return nil, err
		}
		for _, m := range forcesRowSecurity.FindAllSubmatch(text, -1) {
			tables = append(tables, string(m[1]))
		}
	}
	slices.Sort(tables)
	return tables, nil
}
