package tenant_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/tenant"
)

func TestShortNamesAreDerived(t *testing.T) {
	w := &change.Writer{DB: dbtest.New(t).DB, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for _, c := range []struct{ name, want string }{
		{"Nilgiri Tea", "nilgiri-tea"}, {"Nilgiri  TEA!", "nilgiri-tea-*"}, {"nilgiri tea", "nilgiri-tea-*"}, {"Café & Söhne's", "cafe-sohnes"},
		{"नमस्ते", "business"}, {"😀", "business-*"}, {"--", "business-*"}, {"Demo", "demo-*"}, {"Ｆｕｌｌ 24/7", "full-24-7"}, {strings.Repeat("ab ", 60), strings.TrimSuffix(strings.Repeat("ab-", 17), "-")},
	} {
		actor := change.Actor{TenantID: uuid.Must(uuid.NewV7()), Kind: change.ActorSystem, Name: "PayAid"}
		made, err := change.Do(t.Context(), w, actor, "x", nil, func(ctx context.Context, tx *change.Tx) (tenant.Tenant, error) {
			return tenant.InsertNamed(ctx, tx, c.name)
		})
		if err != nil {
			t.Errorf("%q: %v", c.name, err)
			continue
		}
		base, suffixed := strings.CutSuffix(c.want, "*")
		if suffixed && (!strings.HasPrefix(made.Slug, base) || len(made.Slug) != len(base)+8) || !suffixed && made.Slug != c.want {
			t.Errorf("%q: %q, want %q", c.name, made.Slug, c.want)
		}
	}
}
