package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"payaid/internal/auth"
	"payaid/internal/tenant"
)

// withApp runs an administrative verb on the services and leaves again.
func (e *environment) withApp(ctx context.Context, fn func(a *app) error) error {
	a, err := e.newApp(ctx, e.quietLogger(), false)
	if err != nil {
		return err
	}
	err = fn(a)
	return errors.Join(err, a.close(context.WithoutCancel(ctx)))
}

type userCreateCmd struct {
	Email         string `required:"" help:"E-mail, which is also the name to sign in with."`
	Name          string `help:"Name; what stands before the @ when absent."`
	Password      string `help:"Password of at least 10 characters; one is made and printed when absent."`
	Tenant        string `help:"Short name of the business the person belongs to."`
	Role          string `enum:"owner,admin,manager,member" default:"member" help:"Role in the business: owner, admin, manager or member."`
	PlatformAdmin bool   `help:"Administers the whole installation."`
}

// Run makes an account.
func (c userCreateCmd) Run(ctx context.Context, e *environment) error {
	if c.Tenant == "" && !c.PlatformAdmin {
		return errors.New("say with --tenant which business the person belongs to, or use --platform-admin")
	}
	return e.withApp(ctx, func(a *app) error {
		in := auth.UserInput{Email: c.Email, Name: c.Name, Password: passwordOr(c.Password), PlatformAdmin: c.PlatformAdmin, Role: auth.Role(c.Role)}
		if c.Tenant != "" {
			t, err := a.tenant.BySlug(ctx, c.Tenant)
			if err != nil {
				return err
			}
			in.TenantID = t.ID
		}
		if _, err := a.auth.CreateUser(ctx, in); err != nil {
			return err
		}
		fmt.Fprintln(e.out, "made the account", c.Email)
		return e.tellPassword(c.Password, in.Password)
	})
}

type userResetPasswordCmd struct {
	Email    string `required:"" help:"E-mail of the account."`
	Password string `help:"New password; one is made and printed when absent."`
}

// Run sets a new password.
func (c userResetPasswordCmd) Run(ctx context.Context, e *environment) error {
	return e.withApp(ctx, func(a *app) error {
		password := passwordOr(c.Password)
		if err := a.auth.ResetPassword(ctx, c.Email, password); err != nil {
			return err
		}
		fmt.Fprintln(e.out, "the password is set and every session of", c.Email, "has ended")
		return e.tellPassword(c.Password, password)
	})
}

type userUnlinkCmd struct {
	Email string `required:"" help:"E-mail of the account."`
}

// Run makes the account open for another account at the provider.
func (c userUnlinkCmd) Run(ctx context.Context, e *environment) error {
	return e.withApp(ctx, func(a *app) error {
		if err := a.auth.Unlink(ctx, c.Email); err != nil {
			return err
		}
		_, err := fmt.Fprintln(e.out, "the next sign-in of", c.Email, "by the provider links the account anew")
		return err
	})
}

type userResetSecondFactorCmd struct {
	Email string `required:"" help:"E-mail of the account."`
}

// Run takes every second factor from somebody who lost them.
func (c userResetSecondFactorCmd) Run(ctx context.Context, e *environment) error {
	return e.withApp(ctx, func(a *app) error {
		if err := a.factor.ResetByEmail(ctx, c.Email); err != nil {
			return err
		}
		fmt.Fprintln(e.out, "the second factor of", c.Email, "is gone and every session has ended; the password alone signs in")
		return nil
	})
}

func passwordOr(given string) string {
	if given != "" {
		return given
	}
	return rand.Text()
}

// tellPassword prints a password that was made here; nobody else knows it.
func (e *environment) tellPassword(given, used string) error {
	if given != "" {
		return nil
	}
	_, err := fmt.Fprintln(e.out, "password:", used)
	return err
}

type tenantCreateCmd struct {
	Slug string `required:"" help:"Short name: small letters, digits, hyphens."`
	Name string `required:"" help:"Name of the business."`
}

// Run makes a tenant.
func (c tenantCreateCmd) Run(ctx context.Context, e *environment) error {
	return e.withApp(ctx, func(a *app) error {
		t, err := a.tenant.Create(ctx, tenant.Input{Slug: c.Slug, Name: c.Name})
		if err != nil {
			return err
		}
		fmt.Fprintln(e.out, "made the business", t.Slug, t.ID)
		return nil
	})
}

type tenantListCmd struct{}

// Run lists every tenant.
func (tenantListCmd) Run(ctx context.Context, e *environment) error {
	const page = 200
	return e.withApp(ctx, func(a *app) error {
		for after := ""; ; {
			tenants, err := a.tenant.List(ctx, after, page)
			if err != nil {
				return err
			}
			for _, t := range tenants {
				fmt.Fprintf(e.out, "%s\t%s\t%s\t%s\n", t.Slug, t.Status, t.ID, t.Name)
				after = t.Slug
			}
			if len(tenants) < page {
				return nil
			}
		}
	})
}

type apikeyCreateCmd struct {
	Tenant  string        `required:"" help:"Short name of the business."`
	Name    string        `required:"" help:"What the key is for."`
	Role    string        `required:"" enum:"admin,manager,member" help:"Role of the key: admin, manager or member."`
	Scopes  []string      `help:"Rights to keep of the role, such as contacts:read; all of them when absent."`
	Expires time.Duration `help:"How long the key works, such as 2160h; for ever when absent."`
}

// Run makes a key and prints its secret alone on stdout.
func (c apikeyCreateCmd) Run(ctx context.Context, e *environment) error {
	return e.withApp(ctx, func(a *app) error {
		t, err := a.tenant.BySlug(ctx, c.Tenant)
		if err != nil {
			return err
		}
		secret, err := a.auth.CreateAPIKey(ctx, t.ID, c.input())
		if err != nil {
			return err
		}
		fmt.Fprintln(e.out, secret)
		return nil
	})
}

func (c apikeyCreateCmd) input() auth.APIKeyInput {
	in := auth.APIKeyInput{Name: c.Name, Role: auth.Role(c.Role)}
	for _, s := range c.Scopes {
		in.Scopes = append(in.Scopes, auth.Right(s))
	}
	if c.Expires > 0 {
		at := time.Now().Add(c.Expires)
		in.Expiry = &at
	}
	return in
}
