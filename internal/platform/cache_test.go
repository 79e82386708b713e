package platform_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/platform"
)

func TestClearingTheCacheIsWrittenDown(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	for _, in := range []platform.CacheClearing{{Slug: "acme"}, {Slug: " ACME", Tag: "contact:list "}, {Slug: "acme", Tag: "contact:" + uuid.NewString()}} {
		if err := h.ClearBusinessCache(ctx, h.admin, in); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if err := h.ClearCache(ctx, h.admin, " clear "); err != nil {
		t.Error(err)
	}
	for field, in := range map[string]platform.CacheClearing{"slug": {Slug: "nobody"}, "tag": {Slug: "acme", Tag: "*"}} {
		if e := apperr.From(h.ClearBusinessCache(ctx, h.admin, in)); e.Code != apperr.Validation || e.Field(field) == "" {
			t.Errorf("%+v: %v", in, e)
		}
	}
	if e := apperr.From(h.ClearCache(ctx, h.admin, "yes")); e.Field("confirm") == "" {
		t.Error(e)
	}
	page, err := h.Audit(ctx, h.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Entries {
		if e.Actor == h.admin.Name {
			got = append(got, e.Action)
		}
	}
	if len(got) != 4 || got[0] != "cache.clear_all" || got[1] != "cache.clear_business" {
		t.Errorf("written down: %v", got)
	}
}

func TestClearingWithoutRedis(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	w := &change.Writer{DB: h.d.DB, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	away, err := cache.New(cache.Options{URL: "unix:///nowhere/redis.sock", DB: h.d.DB, Log: w.Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = away.Close() })
	p := platform.New(w, nil, h.people, away)
	if err := p.ClearBusinessCache(ctx, h.admin, platform.CacheClearing{Slug: "acme"}); !apperr.Is(err, apperr.Unavailable) {
		t.Errorf("one business: %v", err)
	}
	if err := p.ClearCache(ctx, h.admin, platform.ConfirmClear); err != nil {
		t.Errorf("everything: %v", err)
	}
	report, err := p.Cache(ctx, h.admin)
	if err != nil || report.Reachable || report.Serving {
		t.Errorf("%+v, %v", report, err)
	}
	page, err := h.Audit(ctx, h.admin, "")
	if err != nil || len(page.Entries) == 0 || page.Entries[0].Action != "cache.clear_all" {
		t.Errorf("%+v, %v", page.Entries, err)
	}
	for _, e := range page.Entries {
		if e.Action == "cache.clear_business" {
			t.Error("what did not happen is written down")
		}
	}
}
