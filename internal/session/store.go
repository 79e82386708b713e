package session

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"
)

const (
	defaultIdle      = 12 * time.Hour
	defaultAnonymous = time.Hour
	defaultAbsolute  = 7 * 24 * time.Hour
	defaultTimeout   = 200 * time.Millisecond
	touchEvery       = time.Minute
)

// Options of a Store; the zero value is the production setting except for Secure.
type Options struct {
	Secure    bool             // send the cookie over https only; needed for a cookie named __Host-…
	Idle      time.Duration    // life without a request, 12 h when 0; counted in steps of up to a minute
	Anonymous time.Duration    // the same while nobody is signed in, 1 h when 0
	Absolute  time.Duration    // life in all, 7 days when 0
	Timeout   time.Duration    // how long a call waits for Redis, 200 ms when 0
	Now       func() time.Time // time.Now when nil
}

// Store is a gorilla sessions.Store on Redis. It is safe for concurrent use.
type Store struct {
	redis redis.UniversalClient
	opt   Options
}

var _ sessions.Store = (*Store)(nil)

// NewStore returns a Store that keeps its sessions in client, which should be a server that never evicts.
func NewStore(client redis.UniversalClient, opt Options) *Store {
	setDefault(&opt.Idle, defaultIdle)
	setDefault(&opt.Anonymous, defaultAnonymous)
	setDefault(&opt.Absolute, defaultAbsolute)
	setDefault(&opt.Timeout, defaultTimeout)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Store{redis: client, opt: opt}
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Get returns the session of this request's cookie name, loading it the first time.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New loads the session whose id the request's cookie holds, in one round trip. An unknown, ended or outdated id gives a new empty
// session and is never adopted. With ErrUnavailable the session is empty too and must not be saved.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := s.empty(name)
	cookie, err := r.Cookie(name)
	if err != nil || !validID(cookie.Value) {
		return session, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opt.Timeout)
	defer cancel()
	fields, err := s.redis.HGetAll(ctx, sessionKey(cookie.Value)).Result()
	if err != nil {
		return session, unavailable("load a session", err)
	}
	found := s.empty(name)
	seen, ok := fill(found, fields)
	if !ok || s.tooOld(found) {
		return session, nil
	}
	if s.opt.Now().Sub(seen) >= touchEvery && !s.touch(ctx, found, cookie.Value) {
		return session, nil
	}
	found.ID, found.IsNew = cookie.Value, false
	return found, nil
}

// Save writes a session's changes and sets its cookie when the id is new. Only changed values are sent, and only to a session that
// still exists: for one that was ended meanwhile it returns ErrEnded, writes nothing and leaves the browser's cookie alone, which
// may belong to a newer session by now. A new session without values is not stored. When the user or the tenant changed, or Renew
// was called, the session gets a new id and the old one ends in the same step. With Options.MaxAge < 0 the session and its cookie end.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.opt.Timeout)
	defer cancel()
	if session.Options.MaxAge < 0 {
		return s.end(ctx, w, session)
	}
	values, err := current(session)
	if err != nil {
		return err
	}
	st := stateOf(session)
	signIn := values[UserID] != st.loaded[UserID]
	switch {
	case session.ID == "" && len(values) == 0:
		return nil
	case session.ID == "" || signIn || st.renew || values[TenantID] != st.loaded[TenantID]:
		return s.replace(ctx, w, session, values, signIn)
	default:
		return s.update(ctx, session, values)
	}
}

// end removes the session. The cookie goes even when Redis does not answer: the person wanted to be signed out.
func (s *Store) end(ctx context.Context, w http.ResponseWriter, session *sessions.Session) error {
	http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
	if session.ID == "" {
		return nil
	}
	return s.remove(ctx, session.ID, stateOf(session).loaded[UserID])
}

// replace stores the session under a new id and ends the one it was loaded from.
func (s *Store) replace(ctx context.Context, w http.ResponseWriter, session *sessions.Session, values map[string]string, signIn bool) error {
	st := stateOf(session)
	now := s.opt.Now()
	created := st.created
	if created.IsZero() || signIn {
		created = now
	}
	id := newID(values[UserID])
	err := s.insert(ctx, record{id: id, values: values, created: created, seen: now}, session.ID, st.loaded[UserID])
	if err != nil {
		return err
	}
	session.ID, session.IsNew = id, false
	session.Values[stateKey{}] = &state{created: created, loaded: values}
	http.SetCookie(w, sessions.NewCookie(session.Name(), id, session.Options))
	return nil
}

func (s *Store) update(ctx context.Context, session *sessions.Session, values map[string]string) error {
	st := stateOf(session)
	set, removed := changes(st.loaded, values)
	if len(set)+len(removed) == 0 {
		return nil
	}
	if err := s.write(ctx, session.ID, set, removed); err != nil {
		return err
	}
	st.loaded = values
	return nil
}

func (s *Store) empty(name string) *sessions.Session {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{
		Path: "/", MaxAge: int(s.opt.Absolute.Seconds()), Secure: s.opt.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	return session
}

func (s *Store) tooOld(session *sessions.Session) bool {
	return s.opt.Now().Sub(Created(session)) >= s.opt.Absolute
}

// life returns how long a session made at created may stay in Redis without a request.
func (s *Store) life(user string, created, now time.Time) time.Duration {
	idle := s.opt.Idle
	if user == "" {
		idle = s.opt.Anonymous
	}
	return min(idle, created.Add(s.opt.Absolute).Sub(now))
}
