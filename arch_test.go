// Package payaid_test holds the rule of architecture: who may import whom.
package payaid_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "payaid/"

// The layers of packages, so that the table below stays readable.
var (
	views = []string{"views/activities", "views/admin", "views/companies", "views/contacts", "views/deals", "views/errors", "views/imports", "views/layout", "views/list", "views/mail",
		"views/mailbox", "views/notifications", "views/record", "views/search", "views/settings", "views/signin", "views/ui", "views/welcome"}
	areas = []string{"internal/activity", "internal/audit", "internal/auth", "internal/bulk", "internal/crm", "internal/factor", "internal/join", "internal/platform", "internal/tenant"}
)

// mayImport says for each package which packages of ours it may import; its tests
// may import more. A new package gets a line here, in the layer where it belongs.
// A line may stand here before its package does.
var mayImport = map[string][]string{
	"db": {},

	// Tools know no area. Of them only cache, change, jobs, listing, mail, notify and dbtest know db.
	"internal/apperr":     {},
	"internal/blob":       {},
	"internal/cache":      {"db", "internal/kv"},
	"internal/change":     {"db", "internal/apperr"},
	"internal/config":     {},
	"internal/dbtest":     {"db", "internal/localstack"},
	"internal/disk":       {},
	"internal/doctor":     {"db", "internal/blob", "internal/config", "internal/disk", "internal/jobs", "internal/kv", "internal/mail", "internal/oidc"},
	"internal/filter":     {},
	"internal/gstin":      {},
	"internal/jobs":       {"db", "internal/apperr"},
	"internal/kv":         {},
	"internal/limit":      {"internal/kv"},
	"internal/listing":    {"db", "internal/apperr", "internal/cache", "internal/filter"},
	"internal/localstack": {"internal/kv"},
	"internal/mail":       {"db", "internal/apperr", "internal/change"},
	"internal/metrics":    {},
	"internal/money":      {},
	"internal/notify":     {"db", "internal/apperr"},
	"internal/oidc":       {},
	"internal/picture":    {"internal/apperr"},
	"internal/reach":      {},
	"internal/secret":     {},
	"internal/servertest": {"internal/blob", "internal/kv"},
	"internal/session":    {"internal/kv"},
	"internal/threeway":   {"internal/apperr"},
	"internal/walarchive": {"internal/blob"},
	"internal/sheet":      {},

	// Areas know db, tools and lower areas: auth ← tenant, bulk ← crm.
	"internal/auth": {"db", "internal/apperr", "internal/blob", "internal/cache", "internal/change", "internal/mail", "internal/notify", "internal/oidc", "internal/picture"},
	"internal/tenant": {"db", "internal/apperr", "internal/auth", "internal/blob", "internal/cache", "internal/change", "internal/gstin",
		"internal/mail", "internal/picture", "internal/reach"},
	"internal/factor": {"db", "internal/apperr", "internal/auth", "internal/change", "internal/secret"},
	"internal/audit":  {"db", "internal/apperr", "internal/auth"},
	"internal/bulk":   {"db", "internal/apperr", "internal/auth", "internal/change", "internal/jobs", "internal/notify"},
	"internal/crm": {"db", "internal/apperr", "internal/audit", "internal/auth", "internal/blob", "internal/bulk", "internal/cache", "internal/change", "internal/filter", "internal/gstin",
		"internal/jobs", "internal/listing", "internal/money", "internal/notify", "internal/reach", "internal/sheet", "internal/tenant", "internal/threeway"},

	// What hangs on the records of crm stands above it: activities ← handlers.
	"internal/activity": {"db", "internal/apperr", "internal/auth", "internal/cache", "internal/change", "internal/crm", "internal/filter", "internal/listing",
		"internal/notify", "internal/sheet", "internal/tenant"},

	// How people come into a business stands on tenants and people, too.
	"internal/join": {"db", "internal/apperr", "internal/auth", "internal/change", "internal/mail", "internal/tenant"},

	// Backups stand alone: they know the database, the stores and the one way to write, and no area.
	"internal/backup": {"db", "internal/blob", "internal/cache", "internal/change", "internal/disk", "internal/secret", "internal/walarchive"},

	// The administration of the installation stands on tenants and people.
	"internal/platform": {"db", "internal/apperr", "internal/auth", "internal/backup", "internal/cache", "internal/change", "internal/jobs", "internal/mail", "internal/tenant"},

	// Views take the areas' types, and values of tools that are only values.
	"views/ui":            {"internal/money"},
	"views/layout":        {"views/ui"},
	"views/admin":         viewOf("internal/backup", "internal/cache", "internal/jobs", "internal/platform", "internal/tenant"),
	"views/list":          viewOf("views/record", "internal/bulk", "internal/crm", "internal/filter", "internal/listing"),
	"views/activities":    viewOf("views/list", "internal/activity", "internal/auth", "internal/listing"),
	"views/companies":     viewOf("views/activities", "views/list", "views/record", "internal/crm", "internal/gstin", "internal/listing"),
	"views/contacts":      viewOf("views/activities", "views/list", "views/record", "internal/crm"),
	"views/deals":         viewOf("views/list", "views/record", "internal/crm"),
	"views/errors":        viewOf(),
	"views/imports":       viewOf("views/list", "internal/crm", "internal/auth"),
	"views/mail":          {"internal/auth", "internal/backup", "internal/mail", "internal/platform"}, // words for the post, not pages
	"views/mailbox":       viewOf("internal/mail"),
	"views/notifications": viewOf("internal/notify"),
	"views/record":        viewOf("internal/audit", "internal/crm"),
	"views/search":        viewOf(),
	"views/settings":      viewOf("views/list", "internal/audit", "internal/auth", "internal/crm", "internal/factor", "internal/join", "internal/tenant"),
	"views/signin":        viewOf("internal/auth", "internal/factor", "internal/join"),
	"views/welcome":       viewOf("internal/crm"),

	// Handlers never see db; the API never sees a view.
	"handlers/respond": {"internal/apperr", "internal/change"},
	"handlers/mw":      {"handlers/respond", "internal/apperr", "internal/auth", "internal/limit", "internal/metrics", "internal/session"},
	"handlers/api":     slices.Concat(areas, []string{"handlers/mw", "handlers/respond", "internal/apperr", "internal/backup", "internal/cache", "internal/jobs", "internal/listing"}),
	"handlers": slices.Concat(areas, views, []string{"handlers/api", "handlers/mw", "handlers/respond", "static",
		"internal/apperr", "internal/backup", "internal/cache", "internal/filter", "internal/jobs", "internal/limit", "internal/listing", "internal/mail", "internal/metrics", "internal/money", "internal/notify", "internal/oidc", "internal/session"}),

	"static": {},

	// The wiring knows everything; nil means no limit.
	"cmd/web": nil,
	"bench":   nil,
	"e2e":     nil,
}

func viewOf(types ...string) []string {
	return append(types, "views/layout", "views/ui", "internal/apperr", "internal/money")
}

// onlyIn says where a library may be imported: in these packages and below those
// that end in a slash.
var onlyIn = map[string][]string{
	"github.com/gofiber/fiber":      {"handlers", "handlers/", "bench"}, // the raw server it measures against
	"github.com/danielgtaylor/huma": {"handlers/api", "handlers/respond"},
	"github.com/a-h/templ":          {"handlers", "handlers/", "views/"},
	"github.com/jackc/pgx":          {"db", "internal/", "cmd/", "bench"}, // bench measures the driver itself
	"github.com/redis/go-redis":     {"internal/cache", "internal/session", "internal/limit", "internal/kv", "internal/servertest", "internal/doctor", "cmd/", "bench"},
	"github.com/minio/minio-go":     {"internal/blob", "cmd/"},
	"filippo.io/age":                {"internal/backup"},
	"github.com/wneessen/go-mail":   {"internal/mail"},
	"github.com/coreos/go-oidc":     {"internal/oidc"},
	"golang.org/x/oauth2":           {"internal/oidc"},
	"github.com/go-webauthn":        {"internal/factor"},
	"rsc.io/qr":                     {"views/settings"},
	"github.com/prometheus":         {"internal/metrics"},
	"github.com/riverqueue/river":   {"db", "internal/change", "internal/jobs", "cmd/"},
}

// listed is what `go list` tells about a package.
type listed struct {
	Dir, ImportPath, Name string
	Imports, GoFiles      []string
}

// packages lists the packages of this module that hold more than tests, by their
// path inside it. They need not compile.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,Name,Imports,GoFiles", "./...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	found := map[string]listed{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if len(p.GoFiles) > 0 {
			found[strings.TrimPrefix(p.ImportPath, module)] = p
		}
	}
}

func TestImportsFollowTheArchitecture(t *testing.T) {
	found := packages(t)
	if len(found) < 10 {
		t.Fatalf("go list found %d packages only", len(found))
	}
	for path, p := range found {
		allowed, known := mayImport[path]
		if !known {
			t.Errorf("%s is not in mayImport (arch_test.go): add it to the layer where it belongs, with what it may import", path)
			continue
		}
		if allowed == nil {
			continue
		}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s: the architecture does not allow it", path, ours)
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for path, p := range packages(t) {
		for library, homes := range onlyIn {
			uses := slices.ContainsFunc(p.Imports, func(i string) bool { return i == library || strings.HasPrefix(i, library+"/") })
			if uses && !slices.ContainsFunc(homes, func(h string) bool { return path == h || strings.HasSuffix(h, "/") && strings.HasPrefix(path, h) }) {
				t.Errorf("%s imports %s, which belongs in %s only", path, library, strings.Join(homes, ", "))
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for path, p := range packages(t) {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command "
		}
		if !slices.ContainsFunc(p.GoFiles, func(f string) bool { return comments(t, filepath.Join(p.Dir, f), want) }) {
			t.Errorf("%s has no package comment that begins %q", path, want)
		}
	}
}

// comments reports whether a comment above the file's package clause has a line
// that begins with want. In what templ generates an empty line follows it.
func comments(t *testing.T, file, want string) bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		t.Error(err)
		return false
	}
	return slices.ContainsFunc(f.Comments, func(c *ast.CommentGroup) bool {
		return c.End() < f.Package && strings.Contains("\n"+c.Text(), "\n"+want)
	})
}

// The table is a set of layers: whoever imports in a circle has no layer. Go
// refuses circles of packages that exist, this also those that do not yet.
func TestTheTableHasNoCircle(t *testing.T) {
	done := map[string]bool{}
	var visit func(path string, way []string)
	visit = func(path string, way []string) {
		if slices.Contains(way, path) {
			t.Fatalf("mayImport goes in a circle: %s", strings.Join(append(way, path), " → "))
		}
		if done[path] {
			return
		}
		for _, next := range mayImport[path] {
			if _, known := mayImport[next]; !known {
				t.Errorf("mayImport of %s names %s, which has no line of its own", path, next)
			}
			visit(next, append(slices.Clone(way), path))
		}
		done[path] = true
	}
	for path := range mayImport {
		visit(path, nil)
	}
}
