// Command payaid is the whole of PayAid: the web application, its background
// worker, and the verbs that administer it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // businesses name time zones that the machine may not know

	"github.com/alecthomas/kong"

	"payaid/internal/apperr"
	"payaid/internal/config"
)

// version is set by the release build.
var version = "development"

// Exit codes of every verb.
const (
	exitDone   = 0
	exitFailed = 1 // one clear sentence is on stderr
	exitUsage  = 2 // used wrongly
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run parses args and runs the verb they name.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var verbs cli
	exited := -1
	parser, err := kong.New(&verbs, kong.Name("payaid"), kong.Description("PayAid, a business suite for small businesses. Settings come from the environment: see the table in the README."),
		kong.Vars{"version": version}, kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(stderr, "payaid:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help and --version
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "payaid:", err)
		return exitUsage
	}
	cfg, err := config.Load(environ)
	if err != nil {
		fmt.Fprintln(stderr, "payaid:", err)
		return exitUsage
	}
	e := &environment{cfg: cfg, unused: config.Unused(environ), in: stdin, out: stdout, err: stderr}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(e); err != nil {
		fmt.Fprintln(stderr, "payaid:", sentence(err))
		return exitFailed
	}
	return exitDone
}

// sentence is the error as the person at the terminal reads it: what was refused
// first, causes after it.
func sentence(err error) string {
	e, ok := errors.AsType[*apperr.Error](err)
	if !ok {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for _, d := range e.Details {
		if d.Message != e.Message {
			fmt.Fprintf(&b, " %s: %s", d.Field, d.Message)
		}
	}
	if cause := errors.Unwrap(e); cause != nil && len(e.Details) == 0 {
		fmt.Fprintf(&b, " (%v)", cause)
	}
	return b.String()
}
