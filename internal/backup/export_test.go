package backup

import (
	"context"
	"io"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
)

// Store writes a part as Create does, so that a test can make any backup.
func Store(ctx context.Context, s *Service, id uuid.UUID, name string, to []age.Recipient, content func(io.Writer) error) (Part, error) {
	part, _, err := s.store(ctx, id, name, to, func(_ context.Context, w io.Writer) error { return content(w) })
	return part, err
}

// Publish signs a document and stores it beside a backup.
func Publish(ctx context.Context, s *Service, id uuid.UUID, name string, document any) error {
	return s.write(ctx, id, name, document)
}

// Forget deletes a backup whatever its age.
func Forget(ctx context.Context, s *Service, id uuid.UUID) error { return s.forget(ctx, id) }

// Rights is the digest of everybody's rights in a database.
func Rights(ctx context.Context, url string) (string, error) {
	conn, err := connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	return rightsDigest(ctx, conn)
}

// The addresses that are made of one.
var (
	ForPrograms  = forPrograms
	WithDatabase = withDatabase
	OnServer     = onServer
)

// Latest is the date whose time came last.
func Latest(s Schedule, now time.Time) string { return s.Latest(now).Format(time.DateOnly) }

// The names of what is stored for a backup.
const (
	DumpName     = dumpName
	ListName     = listName
	ManifestName = manifestName
	VerifyName   = verifyName
	DrillName    = drillName
)

// TenantRules are the decisions about the tables of a tenant.
var TenantRules = tenantRules

// LeftOut, BroughtBack and Secrets tell what a rule says.
func LeftOut(r tenantRule) bool     { return r.use == leftOut }
func BroughtBack(r tenantRule) bool { return r.use == restored }
func Secrets(r tenantRule) []string { return r.secrets }

// ForgetArchive deletes the archive of one tenant.
func ForgetArchive(ctx context.Context, s *Service, id uuid.UUID) error {
	return s.forgetArchive(ctx, id)
}

// MakeOlder lets an archive be said to be of another schema, which may not have the
// tables yet in which the archive has nothing.
func MakeOlder(ctx context.Context, s *Service, a TenantArchive, schema int64) error {
	a.Schema = schema
	a.Order = slices.DeleteFunc(slices.Clone(a.Order), func(table string) bool { return a.Tables[table].Rows == 0 })
	return s.write(ctx, a.ID, tenantManifestName, a)
}

// PruneArchive forgets what no moment needs that can still be asked for.
func PruneArchive(ctx context.Context, s *Service) error {
	a, err := s.walArchive()
	if err != nil {
		return err
	}
	_, err = a.Prune(ctx, s.now().AddDate(0, 0, -s.archiveDays()))
	return err
}
