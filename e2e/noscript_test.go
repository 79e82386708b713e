package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// textBrowser follows links and sends forms as a browser without scripts does.
type textBrowser struct {
	t       *testing.T
	cookies map[string]string // Go's own jar would keep Secure cookies from http://localhost
	path    string
	page    *html.Node
	text    string
}

func (b *textBrowser) request(method, path string, form url.Values) {
	b.t.Helper()
	for range 5 {
		req, err := http.NewRequestWithContext(b.t.Context(), method, suite.app.base+path, strings.NewReader(form.Encode()))
		if err != nil {
			b.t.Fatal(err)
		}
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for k, v := range b.cookies {
			req.AddCookie(&http.Cookie{Name: k, Value: v})
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, c := range res.Cookies() {
			b.cookies[c.Name] = c.Value
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		_ = res.Body.Close()
		if to := res.Header.Get("Location"); to != "" {
			method, path, form = http.MethodGet, to, nil
			continue
		}
		if b.page, err = html.Parse(strings.NewReader(string(body))); err != nil {
			b.t.Fatal(err)
		}
		b.path, b.text = path, textOf(b.page)
		return
	}
	b.t.Fatalf("%s redirects for ever", path)
}

func (b *textBrowser) open(path string) { b.t.Helper(); b.request(http.MethodGet, path, nil) }

// submit sends the first form whose action begins so, with values on top of what
// the page filled in.
func (b *textBrowser) submit(action string, values url.Values) {
	b.t.Helper()
	form := find(b.page, func(n *html.Node) bool { return n.Data == "form" && strings.HasPrefix(attr(n, "action"), action) })
	if form == nil {
		b.t.Fatalf("%s has no form for %s", b.path, action)
	}
	fields := url.Values{}
	walk(form, func(n *html.Node) {
		name := attr(n, "name")
		if name == "" {
			return
		}
		switch n.Data {
		case "input":
			if t := attr(n, "type"); t != "checkbox" && t != "radio" {
				fields.Set(name, attr(n, "value"))
			}
		case "textarea":
			fields.Set(name, textOf(n))
		case "select":
			option := find(n, func(o *html.Node) bool { return o.Data == "option" && has(o, "selected") })
			if option == nil {
				option = find(n, func(o *html.Node) bool { return o.Data == "option" })
			}
			if option != nil {
				fields.Set(name, attr(option, "value"))
			}
		}
	})
	for k, v := range values {
		fields[k] = v
	}
	if strings.EqualFold(attr(form, "method"), "post") {
		b.request(http.MethodPost, attr(form, "action"), fields)
		return
	}
	b.open(attr(form, "action") + "?" + fields.Encode())
}

func (b *textBrowser) shows(what string) {
	b.t.Helper()
	if !strings.Contains(b.text, what) {
		b.t.Fatalf("%s does not show %q:\n%s", b.path, what, b.text)
	}
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := range n.ChildNodes() {
		walk(c, visit)
	}
}

func find(n *html.Node, is func(*html.Node) bool) (found *html.Node) {
	walk(n, func(n *html.Node) {
		if found == nil && is(n) {
			found = n
		}
	})
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	var collect func(*html.Node)
	collect = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := range n.ChildNodes() {
			collect(c)
		}
	}
	collect(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// Everything works by links and forms alone.
func TestWithoutJavaScript(t *testing.T) {
	b := &textBrowser{t: t, cookies: map[string]string{}}
	b.open("/contacts")
	b.submit("/login", url.Values{"email": {"manager@demo.test"}, "password": {"demo-payaid"}})
	b.shows(" contacts")
	b.submit("/contacts", url.Values{"q": {"patel"}})
	b.shows("Patel")
	b.open("/contacts/new")
	b.submit("/contacts", url.Values{"email": {"broken"}, "firstName": {"Scriptless"}})
	b.shows("does not look like an e-mail address")
	b.submit("/contacts", url.Values{"email": {"scriptless@example.in"}}) // the name was kept
	b.shows("Scriptless")
	record := b.path
	b.submit(strings.Split(record, "?")[0]+"/delete", nil)
	b.shows("Undo")
	b.submit(strings.Split(record, "?")[0]+"/restore", nil)
	b.open("/contacts?q=scriptless")
	b.shows("scriptless@example.in")
	b.submit("/logout", nil)
	b.shows("You have signed out")
	b.open(record)
	b.shows("Sign in")
}
