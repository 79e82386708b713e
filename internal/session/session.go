// Package session keeps browser sessions in Redis behind the gorilla/sessions Store interface: New and Get load a session,
// Save writes what changed, and Options.MaxAge < 0 ends it, as with every gorilla store.
//
// A session lives until it was idle for 12 hours (1 hour while nobody is signed in) or is 7 days old. It does not decide who may
// sign in, and it does not protect against an old copy of Redis coming back: a session carries the time of its sign-in (Created),
// which the caller compares with users.sessions_valid_after.
package session

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/gorilla/sessions"
)

// Names of the values this package understands. Callers may keep more; every value is a string, and names that begin with
// an underscore are the store's own.
const (
	UserID    = "user"   // whose session it is; absent while nobody is signed in
	TenantID  = "tenant" // the business the user works in
	CSRFToken = "csrf"
	IP        = "ip"    // where it was opened from, for List
	UserAgent = "agent" // what it was opened with, for List
)

const (
	createdField = "_created" // Unix milliseconds
	seenField    = "_seen"    // Unix milliseconds, at most a minute old
)

var (
	// ErrUnavailable means Redis did not answer in time or refused, so nothing is known about the session.
	ErrUnavailable = errors.New("the session store does not answer")
	// ErrEnded means that the session was signed out or ran out while the request was under way; nothing was written.
	ErrEnded = errors.New("the session has ended")
	// ErrNotFound means that the user has no session with this handle, or that no such value is kept.
	ErrNotFound = errors.New("no such session")
)

// stateKey is the entry of sessions.Session.Values under which the store remembers what it loaded.
type stateKey struct{}

type state struct {
	created time.Time
	loaded  map[string]string // the values as they are in Redis
	renew   bool
}

func stateOf(s *sessions.Session) *state {
	st, ok := s.Values[stateKey{}].(*state)
	if !ok {
		st = &state{}
		s.Values[stateKey{}] = st
	}
	return st
}

// Created returns when the user signed in, or for a session without a user when it was made; the zero time for one that was
// never saved. A renewed id does not change it.
func Created(s *sessions.Session) time.Time { return stateOf(s).created }

// Handle returns the name by which List, Revoke and RevokeAll know this session, or "" for one that was never saved. It is
// safe to show: the cookie cannot be found from it.
func Handle(s *sessions.Session) string {
	if s.ID == "" {
		return ""
	}
	return handle(s.ID)
}

// Renew makes the next Save give the session a new id and end the old one in the same step. Save does so by itself when the
// user or the tenant changes; call Renew for every other change of what the session may do.
func Renew(s *sessions.Session) { stateOf(s).renew = true }

// current returns the session's values as strings, or an error that names a value which cannot be kept.
func current(s *sessions.Session) (map[string]string, error) {
	values := make(map[string]string, len(s.Values))
	for k, v := range s.Values {
		if k == (stateKey{}) {
			continue
		}
		name, ok := k.(string)
		if !ok || name == "" || name[0] == '_' {
			return nil, fmt.Errorf("session value %v: a name must be a string that does not begin with an underscore", k)
		}
		if values[name], ok = v.(string); !ok {
			return nil, fmt.Errorf("session value %q is a %T: only strings are kept", name, v)
		}
	}
	return values, nil
}

// changes returns the fields to set, as name and value in turn, and the names of the fields to remove.
func changes(before, after map[string]string) (set, removed []any) {
	for name, value := range after {
		if old, ok := before[name]; !ok || old != value {
			set = append(set, name, value)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			removed = append(removed, name)
		}
	}
	return set, removed
}

// fill puts what Redis holds into a session; it reports false for a hash that this package did not write.
func fill(s *sessions.Session, fields map[string]string) (seen time.Time, ok bool) {
	created, err1 := parseTime(fields[createdField])
	seen, err2 := parseTime(fields[seenField])
	if err1 != nil || err2 != nil {
		return time.Time{}, false
	}
	loaded := maps.Clone(fields)
	delete(loaded, createdField)
	delete(loaded, seenField)
	for name, value := range loaded {
		s.Values[name] = value
	}
	s.Values[stateKey{}] = &state{created: created, loaded: loaded}
	return seen, true
}

func parseTime(ms string) (time.Time, error) {
	n, err := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(n), err
}
