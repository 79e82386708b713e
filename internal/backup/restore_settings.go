package backup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// sameSettings gives the copy what belongs to the live database as a whole: its
// settings and who may connect. No dump has them.
func sameSettings(ctx context.Context, sc *scratch, live string) error {
	rows, err := sc.admin.Query(ctx, `
		SELECT says FROM (
		SELECT 1 AS n, format('ALTER DATABASE %I SET %I TO %s', $2::text, split_part(c, '=', 1),
			CASE WHEN split_part(c, '=', 1) IN ('search_path', 'session_preload_libraries', 'temp_tablespaces') THEN substr(c, strpos(c, '=') + 1) ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END) AS says
		FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c WHERE d.datname = $1 AND s.setrole = 0
		UNION ALL
		SELECT 2, format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::text) FROM pg_database WHERE datname = $1 AND datacl IS NOT NULL
		UNION ALL
		SELECT 3, format('GRANT %s ON DATABASE %I TO %s', a.privilege_type, $2::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
		FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1) all_of_them ORDER BY n`, live, sc.name)
	if err != nil {
		return fmt.Errorf("read the settings of %s: %w", live, err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the settings of %s: %w", live, err)
	}
	for _, sql := range statements {
		if _, err := sc.admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("give the copy the settings of %s: %s: %w", live, sql, err)
		}
	}
	return nil
}
