package tenant_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/picture"
	"payaid/internal/tenant"
)

// business makes a business with its settings and an administrator of it.
func business(t *testing.T) (*tenant.Settings, auth.Principal) {
	t.Helper()
	w := &change.Writer{DB: dbtest.New(t).DB, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	people, err := auth.New(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	made, err := tenant.New(w).Create(t.Context(), tenant.Input{Slug: "rao", Name: "Rao Textiles"})
	if err != nil {
		t.Fatal(err)
	}
	return tenant.NewSettings(w, blobs, picture.NewMaker(), people), auth.Principal{TenantID: made.ID, TenantName: made.Name, UserID: uuid.New(), Role: auth.Admin}
}

func TestABusinessIsKeptInItsStoredForm(t *testing.T) {
	s, admin := business(t)
	ctx := context.Background()
	b, err := s.Business(ctx, admin)
	if err != nil || b.TimeZone != "Asia/Kolkata" || b.FiscalMonth != 4 || b.Version != 1 {
		t.Fatalf("a new business: %+v, %v", b, err)
	}
	in := b.Input()
	in.Name, in.GSTIN, in.PIN, in.Phone, in.Email, in.City = " Rao   Textiles ", "27 aapfu-0939f1zv", "400 001", "098765 43210", " Office@Rao.IN", "Mumbai"
	got, err := s.UpdateBusiness(ctx, admin, in, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := b
	want.GSTIN, want.StateCode, want.PIN, want.Phone, want.Email, want.City = "27AAPFU0939F1ZV", "27", "400001", "+919876543210", "office@rao.in", "Mumbai"
	want.Version, want.UpdatedAt = 2, got.UpdatedAt
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if again, err := s.Business(ctx, admin); err != nil || again != got {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

func TestBusinessesThatAreRefused(t *testing.T) {
	s, admin := business(t)
	for name, c := range map[string]struct {
		change func(*tenant.BusinessInput)
		field  string
	}{
		"no name":                  {func(in *tenant.BusinessInput) { in.Name = " " }, "name"},
		"NUL":                      {func(in *tenant.BusinessInput) { in.City = "a\x00" }, "city"},
		"a wrong check digit":      {func(in *tenant.BusinessInput) { in.GSTIN = "27AAPFU0939F1ZX" }, "gstin"},
		"another state":            {func(in *tenant.BusinessInput) { in.GSTIN, in.StateCode = "27AAPFU0939F1ZV", "29" }, "stateCode"},
		"no such state":            {func(in *tenant.BusinessInput) { in.StateCode = "28" }, "stateCode"},
		"abroad":                   {func(in *tenant.BusinessInput) { in.StateCode = "96" }, "stateCode"},
		"a PIN code that begins 0": {func(in *tenant.BusinessInput) { in.PIN = "012345" }, "pin"},
		"a PIN code and a line":    {func(in *tenant.BusinessInput) { in.PIN = "400001\n1" }, "pin"},
		"no phone":                 {func(in *tenant.BusinessInput) { in.Phone = "call me" }, "phone"},
		"no e-mail":                {func(in *tenant.BusinessInput) { in.Email = "office@rao" }, "email"},
		"no zone":                  {func(in *tenant.BusinessInput) { in.TimeZone = "" }, "timeZone"},
		"the machine's zone":       {func(in *tenant.BusinessInput) { in.TimeZone = "Local" }, "timeZone"},
		"an abbreviation":          {func(in *tenant.BusinessInput) { in.TimeZone = "EST" }, "timeZone"},
		"a file of the machine":    {func(in *tenant.BusinessInput) { in.TimeZone = "../etc/passwd" }, "timeZone"},
		"a thirteenth month":       {func(in *tenant.BusinessInput) { in.FiscalMonth = 13 }, "fiscalMonth"},
	} {
		in := tenant.BusinessInput{Name: "Rao", TimeZone: "Asia/Kolkata", FiscalMonth: 4}
		c.change(&in)
		if _, err := s.UpdateBusiness(context.Background(), admin, in, 1); apperr.From(err).Field(c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every zone that is offered can be chosen.
func TestTheZonesExist(t *testing.T) {
	s, admin := business(t)
	if tenant.Zones[0] != "Asia/Kolkata" {
		t.Error("India does not come first")
	}
	for i, zone := range tenant.Zones {
		in := tenant.BusinessInput{Name: "Rao", TimeZone: zone, FiscalMonth: 4}
		if _, err := s.UpdateBusiness(context.Background(), admin, in, int64(i+1)); err != nil {
			t.Errorf("%s: %v", zone, err)
		}
	}
}

func TestWhoMayNotChangeABusiness(t *testing.T) {
	s, admin := business(t)
	manager := admin
	manager.Role = auth.Manager
	in := tenant.BusinessInput{Name: "Rao", TimeZone: "Asia/Kolkata", FiscalMonth: 4}
	if _, err := s.UpdateBusiness(context.Background(), manager, in, 1); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a manager changes: %v", err)
	}
	if _, err := s.Business(context.Background(), manager); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a manager looks: %v", err)
	}
	if err := s.RemoveLogo(context.Background(), manager); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a manager removes the logo: %v", err)
	}
	if _, err := s.Close(context.Background(), admin, tenant.Confirmation{Name: "Rao Textiles"}, nil); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("an administrator closes: %v", err)
	}
	if err := s.HandOver(context.Background(), admin, uuid.New(), tenant.Confirmation{Name: "Rao Textiles"}, nil); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("an administrator hands over: %v", err)
	}
}

// Of several who saw the same version one saves, and the others are told.
func TestOneOfManySaves(t *testing.T) {
	s, admin := business(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	codes := map[apperr.Code]int{}
	for range 5 {
		wg.Go(func() {
			_, err := s.UpdateBusiness(context.Background(), admin, tenant.BusinessInput{Name: "Rao", TimeZone: "Asia/Kolkata", FiscalMonth: 4}, 1)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				codes["saved"]++
			} else {
				codes[apperr.From(err).Code]++
			}
		})
	}
	wg.Wait()
	if codes["saved"] != 1 || codes[apperr.Conflict] != 4 {
		t.Errorf("%v", codes)
	}
}
