package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"
)

// A session's id is 32 random bytes after one byte that says in which of 256 hash slots of a Redis Cluster it lives. The byte is
// taken from the user, so that all sessions of a user and their index share a slot and can change in one step:
//
//	sess:{5f}:<SHA-256 of the id>   hash    the values of a session
//	sess:{5f}:user:<user id>        sorted set   handles of the user's sessions by the Unix milliseconds of their end
const (
	randomBytes = 32
	idLength    = (1 + randomBytes) * 4 / 3
)

// newID returns the id of a session for user, or of an anonymous one in any slot.
func newID(user string) string {
	b := make([]byte, 1+randomBytes)
	rand.Read(b)
	if user != "" {
		b[0] = shard(user)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func validID(id string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(id)
	return err == nil && len(id) == idLength
}

func shard(user string) byte {
	sum := sha256.Sum256([]byte(user))
	return sum[0]
}

func handle(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func sessionKey(id string) string {
	b, _ := base64.RawURLEncoding.DecodeString(id[:4]) // validID has decoded it
	return prefix(b[0]) + handle(id)
}

func indexKey(user string) string { return prefix(shard(user)) + "user:" + user }

func prefix(shard byte) string { return fmt.Sprintf("sess:{%02x}:", shard) }

var (
	// The expiry is set first because a server that is out of memory refuses HSET, and signed-in people should stay so.
	touchScript = redis.NewScript(`
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.pcall('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1`)

	// ARGV: number of arguments of HSET, these, then the fields to remove.
	writeScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local n = tonumber(ARGV[1])
if n > 0 then redis.call('HSET', KEYS[1], unpack(ARGV, 2, n + 1)) end
if #ARGV > n + 1 then redis.call('HDEL', KEYS[1], unpack(ARGV, n + 2)) end
return 1`)

	// KEYS: the new session, its user's index, the old session of the same user. ARGV: life of the session in ms, handle, end and now in
	// Unix ms, life of the index in ms, old handle, then the fields. HSET comes before all other writes: it alone fails without memory.
	insertScript = redis.NewScript(`
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if KEYS[2] then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
if KEYS[3] then
  redis.call('UNLINK', KEYS[3])
  redis.call('ZREM', KEYS[2], ARGV[6])
end
return 1`)
)

// record is a session as it is stored.
type record struct {
	id            string
	values        map[string]string
	created, seen time.Time
}

// touch prolongs a session in use; it reports false when the session has ended since it was read. That Redis does not answer now is
// not worth an error: the session was read, and the next request tries again.
func (s *Store) touch(ctx context.Context, session *sessions.Session, id string) bool {
	now := s.opt.Now()
	user := stateOf(session).loaded[UserID]
	life := s.life(user, Created(session), now)
	alive, err := touchScript.Run(ctx, s.redis, []string{sessionKey(id)}, life.Milliseconds(), seenField, now.UnixMilli()).Bool()
	return err != nil || alive
}

// write changes fields of an existing session, and returns ErrEnded when there is none.
func (s *Store) write(ctx context.Context, id string, set, removed []any) error {
	args := append([]any{len(set)}, set...)
	alive, err := writeScript.Run(ctx, s.redis, []string{sessionKey(id)}, append(args, removed...)...).Bool()
	if err != nil {
		return unavailable("save a session", err)
	}
	if !alive {
		return ErrEnded
	}
	return nil
}

// insert stores a new session and ends the one it replaces. Within one user this is a single step, and returns ErrEnded when the old
// session is gone. A sign-in needs no old session, and its old one may live on another node, so that one is removed afterwards.
func (s *Store) insert(ctx context.Context, rec record, oldID, oldUser string) error {
	user := rec.values[UserID]
	sameUser := oldID != "" && user != "" && oldUser == user
	keys := []string{sessionKey(rec.id)}
	oldHandle := ""
	if user != "" {
		keys = append(keys, indexKey(user))
	}
	if sameUser {
		keys = append(keys, sessionKey(oldID))
		oldHandle = handle(oldID)
	}
	args := []any{
		s.life(user, rec.created, rec.seen).Milliseconds(), handle(rec.id), rec.created.Add(s.opt.Absolute).UnixMilli(),
		rec.seen.UnixMilli(), s.opt.Absolute.Milliseconds(), oldHandle,
		createdField, rec.created.UnixMilli(), seenField, rec.seen.UnixMilli(),
	}
	for name, value := range rec.values {
		args = append(args, name, value)
	}
	done, err := insertScript.Run(ctx, s.redis, keys, args...).Bool()
	switch {
	case err != nil:
		return unavailable("save a session", err)
	case !done:
		return ErrEnded
	case oldID != "" && !sameUser:
		return s.remove(ctx, oldID, oldUser)
	}
	return nil
}

// remove ends one session of user, or of nobody when user is empty.
func (s *Store) remove(ctx context.Context, id, user string) error {
	_, err := s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Unlink(ctx, sessionKey(id))
		if user != "" {
			p.ZRem(ctx, indexKey(user), handle(id))
		}
		return nil
	})
	if err != nil {
		return unavailable("end a session", err)
	}
	return nil
}

func unavailable(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}
