package backup

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ofThePool are parameters of our driver that PostgreSQL's own programs refuse.
var ofThePool = []string{"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity"}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("the address of the database must begin with postgres://") // without the address: it holds a password
	}
	return u, nil
}

// databaseName is the database that raw names.
func databaseName(raw string) (string, error) {
	u, err := parseURL(raw)
	if err != nil {
		return "", err
	}
	name := strings.TrimPrefix(u.Path, "/")
	if name == "" {
		return "", errors.New("the address of the database names no database")
	}
	return name, nil
}

// withDatabase is raw for another database of the same server.
func withDatabase(raw, name string) (string, error) {
	u, err := parseURL(raw)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// onServer is raw's role and password on the server and database of other.
func onServer(raw, other string) (string, error) {
	u, err := parseURL(raw)
	if err != nil {
		return "", err
	}
	o, err := parseURL(other)
	if err != nil {
		return "", err
	}
	o.User = u.User
	return o.String(), nil
}

// forPrograms is raw as PostgreSQL's own programs take it. The password comes
// apart, because everybody on the machine can read a command line.
func forPrograms(raw string) (address, password string, err error) {
	u, err := parseURL(raw)
	if err != nil {
		return "", "", err
	}
	password, _ = u.User.Password()
	if name := u.User.Username(); name != "" {
		u.User = url.User(name)
	}
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "pool_") || slices.Contains(ofThePool, name) {
			q.Del(name)
		}
	}
	if q.Has("password") {
		password = q.Get("password")
		q.Del("password")
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // their addresses know no + for a space
	return u.String(), password, nil
}

func opsName(database string) string { return database + "_ops" }

// scratchPrefix begins the names of the copies that drills restore into.
func scratchPrefix(database string) string { return fmt.Sprintf("%.40s_scratch_", database) }

// copyPrefix begins the names of the databases that restores load, and
// previousPrefix those of the databases that were live before a restore.
func copyPrefix(database string) string     { return fmt.Sprintf("%.40s_restore_", database) }
func previousPrefix(database string) string { return fmt.Sprintf("%.40s_pre_", database) }
