package session

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Info describes one session of a user, for the page where people see and end theirs.
type Info struct {
	Handle    string
	TenantID  string
	IP        string
	UserAgent string
	Created   time.Time
	LastSeen  time.Time // at most a minute old
}

var (
	// KEYS: the user's index. ARGV: handle, key prefix of the sessions in this slot.
	revokeScript = redis.NewScript(`
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('UNLINK', ARGV[2] .. ARGV[1])
return 1`)

	// KEYS: the user's index. ARGV: the handle to keep or '', key prefix of the sessions in this slot.
	revokeAllScript = redis.NewScript(`
for _, handle in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if handle ~= ARGV[1] then
    redis.call('ZREM', KEYS[1], handle)
    redis.call('UNLINK', ARGV[2] .. handle)
  end
end
return 1`)
)

// List returns the live sessions of a user, the newest first.
func (s *Store) List(ctx context.Context, userID string) ([]Info, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	handles, err := s.redis.ZRevRange(ctx, indexKey(userID), 0, -1).Result()
	if err != nil {
		return nil, unavailable("list sessions", err)
	}
	if len(handles) == 0 {
		return nil, nil
	}
	hashes := make([]*redis.MapStringStringCmd, len(handles))
	_, err = s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, h := range handles {
			hashes[i] = p.HGetAll(ctx, prefix(shard(userID))+h)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable("list sessions", err)
	}
	var list []Info
	for i, hash := range hashes {
		fields := hash.Val()
		created, err1 := parseTime(fields[createdField])
		seen, err2 := parseTime(fields[seenField])
		if err1 != nil || err2 != nil {
			continue // it ran out; the index forgets it later
		}
		list = append(list, Info{
			Handle: handles[i], TenantID: fields[TenantID], IP: fields[IP], UserAgent: fields[UserAgent],
			Created: created, LastSeen: seen,
		})
	}
	return list, nil
}

// Revoke ends the session with this handle. It returns ErrNotFound when the user has no such session, whoever else may have it.
func (s *Store) Revoke(ctx context.Context, userID, handle string) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	found, err := revokeScript.Run(ctx, s.redis, []string{indexKey(userID)}, handle, prefix(shard(userID))).Bool()
	if err != nil {
		return unavailable("end a session", err)
	}
	if !found {
		return ErrNotFound
	}
	return nil
}

// RevokeAll ends every session of a user except the one with the handle exceptHandle, which may be empty. Also set
// users.sessions_valid_after: it ends what a lost and restored Redis might bring back.
func (s *Store) RevokeAll(ctx context.Context, userID, exceptHandle string) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	err := revokeAllScript.Run(ctx, s.redis, []string{indexKey(userID)}, exceptHandle, prefix(shard(userID))).Err()
	if err != nil {
		return unavailable("end all sessions", err)
	}
	return nil
}
