package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"payaid/internal/crm"
)

// scenario is one request and what must come of it. Every route has its rows:
// TestEveryRouteHasScenarios says which.
type scenario struct {
	route string // as the router knows it: "GET /contacts/:id"
	name  string // ok, anonymous, no right, other tenant, invalid, or what else is tried
	as    caller // nil: nobody
	path  target // nil: the route's own
	send  body   // nil: no body

	script  bool     // sends the page's token in a header, as a script of a page does
	headers []string // names and values in turn
	status  int
	wants   []string // texts of the answer
	lacks   []string
	check   func(t *testing.T, w *world, a answer) // nil: no more than that
}

// caller gives the browser or the program that asks.
type caller func(t *testing.T, w *world) *browser

// target arranges what the request is about and gives its address.
type target func(t *testing.T, w *world) string

// body gives the content type and the content; b is who sends it.
type body func(t *testing.T, w *world, b *browser) (contentType, content string)

var (
	asOwner    caller = func(t *testing.T, w *world) *browser { return w.as(t, w.owner) }
	asAdmin    caller = func(t *testing.T, w *world) *browser { return w.as(t, w.admin) }
	asManager  caller = func(t *testing.T, w *world) *browser { return w.as(t, w.manager) }
	asMember   caller = func(t *testing.T, w *world) *browser { return w.as(t, w.member) }
	asStranger caller = func(t *testing.T, w *world) *browser { return w.as(t, w.stranger) }
	asOperator caller = func(t *testing.T, w *world) *browser { return w.as(t, w.operator) }
	withKey    caller = func(_ *testing.T, w *world) *browser { return w.program(w.ownerKey) }
	otherKey   caller = func(_ *testing.T, w *world) *browser { return w.program(w.otherKey) }
	readKey    caller = func(_ *testing.T, w *world) *browser { return w.program(w.readKey) }
)

// at gives an address as it is.
func at(path string) target { return func(*testing.T, *world) string { return path } }

// ofContact gives the address of a new contact of the owner's, and suffix.
func ofContact(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		return prefix + w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram", LastName: "Iyer"}).ID.String() + suffix
	}
}

// form sends fields with the sender's CSRF token, names and values in turn.
func form(fields ...string) body {
	return func(_ *testing.T, _ *world, b *browser) (string, string) {
		values := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			values.Set(fields[i], fields[i+1])
		}
		return fiber.MIMEApplicationForm, b.withToken(values).Encode()
	}
}

// jsonBody sends text as JSON.
func jsonBody(text string) body {
	return func(*testing.T, *world, *browser) (string, string) { return fiber.MIMEApplicationJSON, text }
}

// scenarios joins the tables of all files; a new one is added here.
func scenarios() []scenario {
	return slices.Concat(publicScenarios, passwordScenarios, mailScenarios, contactScenarios, companyScenarios, activityScenarios, dealScenarios, dealAPIScenarios, searchScenarios, notificationScenarios, viewScenarios, tagScenarios, batchScenarios, bulkPageScenarios, companyBulkScenarios, importScenarios, adminScenarios,
		settingsScenarios, profileScenarios, businessScenarios, apiScenarios, settingsAPIScenarios, accountScenarios, invitationScenarios, securityScenarios, ruleScenarios, passkeyScenarios, recordScenarios, duplicateScenarios, trashScenarios, companyTrashScenarios, backupScenarios, backupAPIScenarios, tenantBackupScenarios, tenantBackupAPIScenarios)
}

func TestScenarios(t *testing.T) {
	w := newWorld(t, withBackups)
	redis := w.redis(t)
	for _, s := range scenarios() {
		t.Run(s.route+"/"+s.name, func(t *testing.T) {
			forgetAddresses(t, redis)
			method, path, _ := strings.Cut(s.route, " ")
			if s.path != nil {
				path = s.path(t, w)
			}
			b := w.visitor()
			if s.as != nil {
				b = s.as(t, w)
			}
			var contentType, content string
			if s.send != nil {
				contentType, content = s.send(t, w, b)
			}
			headers := s.headers
			if s.script {
				headers = append(slices.Clone(headers), "X-CSRF-Token", b.csrf)
			}
			a := b.do(t, method, path, contentType, content, headers...)
			a.is(t, s.status)
			a.isSafe(t)
			a.wants(t, s.wants...)
			a.lacks(t, s.lacks...)
			if s.check != nil {
				s.check(t, w, a)
			}
		})
	}
}

// exempt routes need fewer rows, or none, for the reason given.
var exempt = map[string]struct {
	rows   []string // what is not asked for; nil: everything
	reason string
}{
	"GET /healthz":                          {nil, "for machines, see TestHealth"},
	"GET /metrics":                          {nil, "for machines, see TestMetricsCountByRouteAndNameNobody"},
	"GET /readyz":                           {nil, "for machines, see TestHealth"},
	"GET /api/health":                       {nil, "for machines, see TestHealth"},
	"GET /static/*":                         {nil, "the same for everybody, see TestStaticFiles"},
	"GET /favicon.ico":                      {nil, "the same for everybody, see TestStaticFiles"},
	"GET /robots.txt":                       {nil, "the same for everybody, see TestStaticFiles"},
	"GET /api/docs":                         {nil, "the same for everybody, see TestAPIDocumentIsPublic"},
	"GET /api/openapi.json":                 {nil, "the same for everybody, see TestAPIDocumentIsPublic"},
	"GET /api/openapi.yaml":                 {nil, "the same for everybody, see TestAPIDocumentIsPublic"},
	"GET /":                                 {[]string{"no right"}, "leads everybody somewhere"},
	"GET /login":                            {[]string{"no right"}, "before anybody has rights"},
	"POST /login":                           {[]string{"no right"}, "before anybody has rights"},
	"GET /login/oidc":                       {nil, "needs a provider, see TestSignInByAProvider and its neighbours"},
	"GET /login/oidc/callback":              {nil, "needs a provider, see TestSignInByAProvider and its neighbours"},
	"POST /logout":                          {[]string{"no right", "invalid"}, "everybody may leave, and nothing is read"},
	"GET /password/forgot":                  {[]string{"no right"}, "before anybody has rights"},
	"POST /password/forgot":                 {[]string{"no right"}, "before anybody has rights"},
	"GET /password/reset":                   {[]string{"no right"}, "before anybody has rights"},
	"POST /password/reset":                  {[]string{"no right"}, "before anybody has rights"},
	"GET /admin/mail/:id":                   {[]string{"other tenant"}, "mails belong to no tenant"},
	"GET /admin/mail/:id/html":              {nil, "has a policy of its own, see TestTheHTMLOfAMailCanDoNothing"},
	"POST /contacts/:id/delete":             {[]string{"invalid"}, "reads nothing but the id"},
	"POST /contacts/:id/restore":            {[]string{"invalid"}, "reads nothing but the id"},
	"POST /companies/:id/delete":            {[]string{"invalid"}, "reads nothing but the id"},
	"POST /companies/:id/restore":           {[]string{"invalid"}, "reads nothing but the id"},
	"POST /deals/:id/delete":                {[]string{"invalid"}, "reads nothing but the id"},
	"POST /deals/:id/restore":               {[]string{"invalid"}, "reads nothing but the id"},
	"POST /companies/views/:id/default":     {[]string{"invalid"}, "reads nothing but the id"},
	"POST /activities/:id/delete":           {[]string{"invalid"}, "reads nothing but the id"},
	"POST /activities/:id/restore":          {[]string{"invalid"}, "reads nothing but the id"},
	"POST /activities/views/:id/default":    {[]string{"invalid"}, "reads nothing but the id"},
	"POST /activities/views/:id/delete":     {[]string{"invalid"}, "reads nothing but the id"},
	"POST /companies/views/:id/delete":      {[]string{"invalid"}, "reads nothing but the id"},
	"POST /admin/tenants/:tenant/suspend":   {[]string{"invalid"}, "reads nothing but the id"},
	"POST /admin/tenants/:tenant/resume":    {[]string{"invalid"}, "reads nothing but the id"},
	"POST /settings/keys/:id/revoke":        {[]string{"invalid"}, "reads nothing but the id"},
	"GET /signup":                           {[]string{"no right"}, "before anybody has rights"},
	"POST /signup":                          {[]string{"no right"}, "before anybody has rights"},
	"GET /signup/finish":                    {[]string{"no right"}, "before anybody has rights"},
	"POST /signup/finish":                   {[]string{"no right"}, "before anybody has rights"},
	"GET /invitations/accept":               {[]string{"no right"}, "before anybody has rights"},
	"POST /invitations/accept":              {[]string{"no right"}, "before anybody has rights"},
	"POST /welcome/samples":                 {[]string{"invalid"}, "reads nothing"},
	"POST /welcome/samples/remove":          {[]string{"invalid"}, "reads nothing"},
	"POST /settings/invitations/:id/resend": {[]string{"invalid"}, "reads nothing but the id"},
	"POST /settings/invitations/:id/revoke": {[]string{"invalid"}, "reads nothing but the id"},
	"GET " + second:                         {[]string{"no right"}, "before anybody has rights"},
	"POST " + second:                        {[]string{"no right"}, "before anybody has rights"},
	"POST " + ownSessions + "/end-others":   {[]string{"invalid"}, "reads nothing"},
	"POST " + ownSessions + "/end-all":      {[]string{"invalid"}, "reads nothing"},
	"GET /settings/profile":                 {[]string{"no right"}, "everybody has a profile"},
	"POST /settings/profile":                {[]string{"no right"}, "everybody has a profile"},
	"POST /settings/profile/photo":          {[]string{"no right"}, "everybody has a profile"},
	"POST /settings/profile/photo/remove":   {[]string{"no right", "invalid"}, "everybody has a profile, and nothing is read"},
	"POST /settings/appearance":             {[]string{"no right"}, "everybody has a profile"},
	"GET /photos/:user/:sha256":             {nil, "has a policy of its own, see TestAPhotoFromItsUploadToItsEnd"},
	"POST " + byPasskey + keyOptions:        {[]string{"no right", "invalid"}, "before anybody has rights, and nothing is read"},
	"POST " + byPasskey:                     {[]string{"no right"}, "before anybody has rights"},
	"POST " + secondKey + keyOptions:        {[]string{"no right", "invalid"}, "before anybody has rights, and nothing is read"},
	"POST " + secondKey:                     {[]string{"no right"}, "before anybody has rights"},
	"GET /closed":                           {[]string{"no right"}, "for whoever is out already"},
	"POST /settings/business/logo/remove":   {[]string{"invalid"}, "nothing is read"},
	"GET /logo/:sha256":                     {nil, "has a policy of its own, see TestALogoFromItsUploadToItsEnd"},
	"GET /login/again":                      {[]string{"no right"}, "before anybody has rights"},
	"POST /login/again":                     {[]string{"no right"}, "before anybody has rights"},
	"POST /notifications/read":              {[]string{"invalid"}, "reads nothing"},
	"POST /notifications/:id/open":          {[]string{"invalid"}, "reads nothing but the id"},
	"POST /admin/mail/:id/resend":           {[]string{"other tenant"}, "mails belong to no tenant"},
	"POST /admin/mail/:id/discard":          {[]string{"other tenant"}, "mails belong to no tenant"},
	"POST /contacts/views/:id/default":      {[]string{"invalid"}, "reads nothing but the id"},
	"POST /contacts/views/:id/delete":       {[]string{"invalid"}, "reads nothing but the id"},
	"POST /api/v1/batch/:id/undo":           {[]string{"invalid"}, "reads nothing but the id"},
	"POST /bulk/:id/undo":                   {[]string{"invalid"}, "reads nothing but the id"},
	"POST /admin/backups/moment":            {[]string{"ok"}, "needs a server of its own whose log is archived, see TestAMomentIsRestored of internal/backup"},
	"POST /api/v1/backups/restore-to":       {[]string{"ok"}, "needs a server of its own whose log is archived, see TestAMomentIsRestored of internal/backup"},
	"GET /api/v1/backups/:id":               {[]string{"other tenant"}, "backups belong to no tenant"},
	"GET /api/v1/backups/jobs/:id":          {[]string{"other tenant"}, "backups belong to no tenant"},
	"GET /api/v1/backups/jobs/:id/events":   {[]string{"other tenant"}, "backups belong to no tenant"},
	"POST /api/v1/backups/:id/verify":       {[]string{"other tenant"}, "backups belong to no tenant"},
	"POST /api/v1/backups/:id/drill":        {[]string{"other tenant"}, "backups belong to no tenant"},
	"POST /api/v1/backups/:id/restore":      {[]string{"other tenant"}, "backups belong to no tenant"},
	"POST " + tenantsAPI + "/plan":          {[]string{"other tenant"}, "for platform administrators, who belong to none of them"},
	"POST " + tenantsAPI + "/apply":         {[]string{"other tenant"}, "for platform administrators, who belong to none of them"},
	"GET " + tenantsAPI + "/plans/:plan":    {[]string{"other tenant"}, "for platform administrators, who belong to none of them"},
}

// TestEveryRouteHasScenarios fails on a route that nobody has thought through.
func TestEveryRouteHasScenarios(t *testing.T) {
	rows := map[string][]string{}
	for _, s := range scenarios() {
		rows[s.route] = append(rows[s.route], s.name)
	}
	for _, r := range newWorld(t).app.GetRoutes(true) {
		route := r.Method + " " + r.Path
		known, isExempt := exempt[route]
		if r.Method == http.MethodHead || isExempt && known.rows == nil {
			continue
		}
		for _, name := range wantedRows(r) {
			if !slices.Contains(rows[route], name) && !slices.Contains(known.rows, name) {
				t.Errorf("%s has no scenario %q", route, name)
			}
		}
		delete(rows, route)
	}
	for route := range rows {
		t.Errorf("%s has scenarios but is not a route", route)
	}
}

func wantedRows(r fiber.Route) []string {
	names := []string{"ok", "anonymous", "no right"}
	if strings.Contains(r.Path, "/:id") {
		names = append(names, "other tenant")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodDelete {
		names = append(names, "invalid")
	}
	return names
}
