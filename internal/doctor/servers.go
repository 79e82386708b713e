package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"payaid/internal/kv"
)

// sessions looks at Redis or Valkey.
func sessions(ctx context.Context, p Patient) []Finding {
	const check = "sessions"
	if p.SessionURL == "" {
		return nil
	}
	client, err := kv.Open(p.SessionURL)
	if err != nil {
		return []Finding{wrong(check, err.Error(), "Correct PAYAID_REDIS_SESSION_URL.")}
	}
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return []Finding{wrong(check, "Redis does not answer: "+err.Error(), "Start it, or correct PAYAID_REDIS_SESSION_URL.")}
	}
	found := []Finding{redisClock(ctx, client, p)}
	info, err := serverInfo(ctx, client)
	if err != nil || info["maxmemory_policy"] == "" {
		if p.Embedded {
			return append(found, ok(check, "the server inside PayAid answers; it keeps nothing on disk"))
		}
		return append(found, warn(check, "Redis answers but does not say how it is set up", "See yourself that maxmemory-policy is noeviction and that it writes to disk."))
	}
	return append(found, redisVersion(info), eviction(info), persistence(ctx, client, info))
}

// cached looks at the server of the cache. Nothing needs it, so nothing is wrong
// without it.
func cached(ctx context.Context, p Patient) []Finding {
	const check = "cache"
	if p.CacheURL == "" {
		return nil
	}
	client, err := kv.Open(p.CacheURL)
	if err != nil {
		return []Finding{wrong(check, err.Error(), "Correct PAYAID_REDIS_CACHE_URL.")}
	}
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return []Finding{warn(check, "Redis does not answer, so every page asks the database: "+err.Error(), "Start it, or correct PAYAID_REDIS_CACHE_URL.")}
	}
	info, err := serverInfo(ctx, client)
	if policy := info["maxmemory_policy"]; err == nil && !p.Embedded && (info["maxmemory"] == "0" || !strings.HasPrefix(policy, "allkeys-")) {
		return []Finding{warn(check, "the server drops no old values when memory is short (maxmemory "+info["maxmemory"]+", "+policy+")", "Set maxmemory and maxmemory-policy allkeys-lru on the server of the cache, which must not be that of the sessions.")}
	}
	return []Finding{ok(check, "the server of the cache answers")}
}

func redisClock(ctx context.Context, client redis.UniversalClient, p Patient) Finding {
	before := p.Now()
	theirs, err := client.Time(ctx).Result()
	if err != nil {
		return failed("sessions clock", err)
	}
	return clock("sessions clock", before, p.Now(), theirs)
}

// serverInfo reads what the server tells about itself.
func serverInfo(ctx context.Context, client redis.UniversalClient) (map[string]string, error) {
	info := map[string]string{}
	for _, section := range []string{"server", "memory", "persistence"} {
		text, err := client.Info(ctx, section).Result()
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				info[name] = value
			}
		}
	}
	return info, nil
}

func redisVersion(info map[string]string) Finding {
	const check = "sessions"
	if v := info["valkey_version"]; v != "" {
		return ok(check, "Valkey "+v)
	}
	v := info["redis_version"]
	var major int
	if _, err := fmt.Sscanf(v, "%d", &major); err != nil || major < 7 {
		return warn(check, "Redis "+v+" is older than what PayAid was tested with", "Prefer Valkey, or Redis 7 or later.")
	}
	return ok(check, "Redis "+v)
}

func eviction(info map[string]string) Finding {
	const check = "sessions eviction"
	if policy := info["maxmemory_policy"]; policy != "noeviction" {
		return wrong(check, "maxmemory-policy is "+policy+": people are signed out, and limits forgotten, when memory is short", "Set maxmemory-policy noeviction on the server of the sessions.")
	}
	return ok(check, "maxmemory-policy is noeviction")
}

func persistence(ctx context.Context, client redis.UniversalClient, info map[string]string) Finding {
	const check = "sessions on disk"
	if info["aof_enabled"] == "1" {
		return ok(check, "every second")
	}
	if save, err := client.ConfigGet(ctx, "save").Result(); err == nil && save["save"] != "" {
		return ok(check, "in snapshots")
	}
	return warn(check, "the server keeps nothing on disk: its restart signs everybody out", "Set appendonly yes.")
}

// objects writes and removes a small file.
func objects(ctx context.Context, p Patient) []Finding {
	const check = "objects"
	store, err := p.OpenBlobs(ctx)
	if err == nil {
		err = store.Check(ctx)
	}
	if err != nil {
		return []Finding{wrong(check, "the object store takes no files: "+err.Error(), "See that it runs, and that PAYAID_S3_ENDPOINT, _BUCKET, _ACCESS_KEY and _SECRET_KEY are its own.")}
	}
	return []Finding{ok(check, "the object store takes files")}
}

// provider asks the OpenID Provider for its description.
func provider(ctx context.Context, p Patient) []Finding {
	const check = "sign-in provider"
	if p.Provider == nil {
		return nil
	}
	if err := p.Provider.Check(ctx); err != nil {
		return []Finding{wrong(check, err.Error(), "See that this machine reaches the provider, and that PAYAID_OIDC_ISSUER is exactly what it calls itself, down to the last slash.")}
	}
	return []Finding{ok(check, p.Provider.Name()+" answers")}
}
