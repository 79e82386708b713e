// Command oidcprovider is the OpenID Provider of the tests: the certified provider
// library of Zitadel, its in-memory storage, and a sign-in page on which people can
// also refuse. It serves this machine alone and is not for anything but tests.
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9998", "address to listen on; the issuer is http:// and this")
	client := flag.String("client", "payaid", "id of the only client")
	secret := flag.String("secret", "", "the client's secret")
	redirect := flag.String("redirect", "", "address that the client is answered at")
	users := flag.String("users", "", "JSON file of the users by id: Username, Password, FirstName, LastName, Email, EmailVerified")
	flag.Parse()
	storage.RegisterClients(storage.WebClient(*client, *secret, *redirect))
	people, err := storage.StoreFromFile(*users)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := provider("http://"+*addr, storage.NewStorage(people))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintln(os.Stderr, "listening at", *addr)
	log.Fatal(server.ListenAndServe())
}

// provider answers the protocol's addresses, and under /login asks who it is.
func provider(issuer string, people *storage.Storage) (http.Handler, error) {
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, GrantTypeRefreshToken: true}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, err
	}
	p, err := op.NewProvider(config, people, op.StaticIssuer(issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", p)
	mux.HandleFunc("GET /login/username", func(w http.ResponseWriter, r *http.Request) {
		ask(w, r.FormValue("authRequestID"), "")
	})
	check := func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("id")
		if r.FormValue("answer") == "refuse" {
			refuse(w, r, people, id, p)
			return
		}
		if err := people.CheckUsernamePassword(r.FormValue("username"), r.FormValue("password"), id); err != nil {
			ask(w, id, err.Error())
			return
		}
		http.Redirect(w, r, op.AuthCallbackURL(p)(r.Context(), id), http.StatusFound)
	}
	mux.HandleFunc("POST /login/username", op.NewIssuerInterceptor(p.IssuerFromRequest).HandlerFunc(check))
	return mux, nil
}

// refuse answers the client as the protocol says when somebody does not agree.
func refuse(w http.ResponseWriter, r *http.Request, people *storage.Storage, id string, p *op.Provider) {
	request, err := people.AuthRequestByID(r.Context(), id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	op.AuthRequestError(w, r, request, oidc.ErrAccessDenied(), p)
}

var page = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The provider of the tests</title></head><body><main id="main">
<h1>Sign in at the provider</h1>
<p id="problem">{{.Problem}}</p>
<form method="post" action="/login/username">
<input type="hidden" name="id" value="{{.ID}}">
<label>User <input name="username"></label>
<label>Password <input name="password" type="password"></label>
<button name="answer" value="agree">Sign in</button>
<button name="answer" value="refuse">Refuse</button>
</form></main></body></html>`))

func ask(w http.ResponseWriter, id, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, struct{ ID, Problem string }{id, problem}); err != nil {
		log.Print(err)
	}
}
