package tenant

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"payaid/db"
	"payaid/internal/change"
)

const (
	// maxDerived leaves room for a suffix within the 63 characters of a short name.
	maxDerived = 50
	// nameless is the short name of a business whose name has no Latin letter.
	nameless = "business"
	// slugTries bounds the search for a free short name; a suffix has 40 random bits.
	slugTries = 5
)

// reserved short names are never derived: `payaid serve` finds its demo business
// by one.
var reserved = []string{"demo"}

// slugOf derives a short name from a name: small Latin letters and digits,
// accents left out, everything else a hyphen.
func slugOf(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxDerived {
			break
		}
	}
	if slug := strings.Trim(b.String(), "-"); slug != "" {
		return slug
	}
	return nameless
}

// InsertNamed makes the tenant of the write's actor under a short name derived
// from its name, with a suffix where that is taken.
func InsertNamed(ctx context.Context, tx *change.Tx, name string) (Tenant, error) {
	base := slugOf(name)
	slug := base
	for try := range slugTries {
		if try > 0 || slices.Contains(reserved, slug) {
			slug = base + "-" + strings.ToLower(rand.Text()[:8])
		}
		row, err := tx.Q.InsertTenantIfFree(ctx, db.InsertTenantIfFreeParams{ID: tx.Actor.TenantID, Slug: slug, Name: name, Now: tx.Now})
		if db.IsNoRows(err) {
			continue
		}
		if err != nil {
			return Tenant{}, fmt.Errorf("insert the tenant: %w", err)
		}
		return recordNew(ctx, tx, row)
	}
	return Tenant{}, errors.New("tenant: no free short name for " + base)
}
