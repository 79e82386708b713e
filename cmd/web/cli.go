package main

import (
	"io"

	"github.com/alecthomas/kong"

	"payaid/internal/config"
)

// cli is every verb with its flags.
type cli struct {
	Version kong.VersionFlag `help:"Print the version."`

	Serve       serveCmd       `cmd:"" help:"Serve the web application."`
	Worker      workerCmd      `cmd:"" help:"Only work background jobs."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database schema up to date (up, status)."`
	Healthcheck healthcheckCmd `cmd:"" help:"Exit 0 when the application on PAYAID_ADDR may take traffic."`
	Doctor      doctorCmd      `cmd:"" help:"Explain what is missing or wrong."`
	Stop        stopCmd        `cmd:"" help:"Stop the embedded servers of the data directory."`
	OpenAPI     openapiCmd     `cmd:"" name:"openapi" help:"Print the OpenAPI document of the API."`
	Seed        seedCmd        `cmd:"" help:"Fill a business with made-up contacts, for trying and measuring."`
	User        struct {
		Create            userCreateCmd            `cmd:"" help:"Make an account."`
		ResetPassword     userResetPasswordCmd     `cmd:"" help:"Set a new password and end every session of the person."`
		Unlink            userUnlinkCmd            `cmd:"" help:"Undo the link with an account at the sign-in provider."`
		ResetSecondFactor userResetSecondFactorCmd `cmd:"" help:"Remove the authenticator app, passkeys and recovery codes of who lost them, and end every session of the person."`
	} `cmd:"" help:"Administer people."`
	Tenant struct {
		Create tenantCreateCmd `cmd:"" help:"Make a business."`
		List   tenantListCmd   `cmd:"" help:"List every business."`
	} `cmd:"" help:"Administer businesses."`
	APIKey struct {
		Create apikeyCreateCmd `cmd:"" help:"Make an API key and print its secret alone."`
	} `cmd:"" name:"apikey" help:"Administer API keys."`
	Backup backupCmds `cmd:"" help:"Make backups and prove that they can be restored."`
}

// environment is what every verb runs in.
type environment struct {
	cfg      config.Config
	unused   []string // variables that this version does not read
	in       io.Reader
	out, err io.Writer
}
