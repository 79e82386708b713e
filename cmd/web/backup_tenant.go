package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/change"
)

// tenantBackupCmds are the verbs below backup that concern one business.
type tenantBackupCmds struct {
	ExportTenant  exportTenantCmd  `cmd:"" help:"Export all rows and files of one business as one encrypted archive; the last line is its id."`
	Exports       exportsCmd       `cmd:"" help:"List the archives of single businesses, newest first."`
	RestoreTenant restoreTenantCmd `cmd:"" help:"Bring back what one business has lost since a backup; nobody else is touched."`
}

// withTenantBackup runs a verb that also writes into the running system.
func (e *environment) withTenantBackup(ctx context.Context, identity string, fn func(b *backup.Service) error) error {
	var key []byte
	if identity != "" {
		var err error
		if key, err = os.ReadFile(identity); err != nil {
			return fmt.Errorf("--identity: %w", err)
		}
	}
	return e.withApp(ctx, func(a *app) error {
		b, err := e.openBackup(ctx, a.servers, a.blobs, func(o *backup.Options) {
			o.Progress = func(line string) { fmt.Fprintln(e.out, line) }
			o.Write = a.backupWriter()
			o.Identities = cmp.Or(string(key), o.Identities)
		})
		if err != nil {
			return err
		}
		return fn(b)
	})
}

// backupWriter is how a restore of one business writes. It has no queue and no
// subscribers: what comes back happened long ago, and nobody is told again.
func (a *app) backupWriter() *change.Writer {
	return &change.Writer{DB: a.db, Tags: a.cache, Log: a.log, Now: time.Now}
}

type exportTenantCmd struct {
	Tenant string `required:"" help:"Short name of the business."`
	Out    string `help:"New file for the archive; it is kept beside the backups when absent." placeholder:"FILE"`
}

// Run exports a business.
func (c exportTenantCmd) Run(ctx context.Context, e *environment) error {
	return e.withTenantBackup(ctx, "", func(s *backup.Service) error {
		a, err := s.ExportTenant(ctx, c.Tenant)
		if err != nil {
			return err
		}
		if c.Out != "" {
			if err := saveArchive(ctx, s, a.ID, c.Out); err != nil {
				return err
			}
			fmt.Fprintln(e.out, "written to", c.Out)
		}
		fmt.Fprintln(e.out, a.ID)
		return nil
	})
}

// saveArchive writes a file that appears whole or not at all.
func saveArchive(ctx context.Context, s *backup.Service, id uuid.UUID, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("--out: %s exists already", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".payaid-export-")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = errors.Join(s.SaveTenantArchive(ctx, id, f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return os.Rename(f.Name(), path)
}

type exportsCmd struct{}

// Run lists the archives.
func (exportsCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		all, err := s.TenantArchives(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tAS OF\tBUSINESS\tKIND\tROWS\tFILES\tBYTES")
		for _, a := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", a.ID, a.At.Format(time.RFC3339), a.Slug, a.Kind, a.Rows(), a.Files.Rows, a.Part.Size)
		}
		return w.Flush()
	})
}

type restoreTenantCmd struct {
	From     string   `arg:"" help:"Id of a backup or of an archive, or a file that export-tenant wrote."`
	Tenant   string   `required:"" help:"Short name of the business."`
	Tables   []string `help:"Only these, such as contacts,companies; everything that can be restored when absent."`
	AsItWas  bool     `help:"Also give changed rows their former values and put rows that are new since into the trash. Without it, only what is missing comes back."`
	Identity string   `help:"File with the private key of one of its recipients; PAYAID_BACKUP_IDENTITY when absent." placeholder:"FILE"`
	Yes      bool     `help:"Do not ask."`
}

// Run compares, shows the difference, asks and restores.
func (c restoreTenantCmd) Run(ctx context.Context, e *environment) error {
	return e.withTenantBackup(ctx, c.Identity, func(s *backup.Service) error {
		id, err := c.find(ctx, s)
		if err != nil {
			return err
		}
		p, err := s.PlanTenant(ctx, id, c.Tenant)
		if err != nil {
			return err
		}
		e.printPlan(p)
		if !p.Differs() {
			fmt.Fprintln(e.out, "nothing is missing")
			return nil
		}
		if !c.Yes && !e.confirms(c.Tenant) {
			return errors.New("nothing was restored: the short name of the business was not typed")
		}
		mode := backup.BringBack
		if c.AsItWas {
			mode = backup.AsItWas
		}
		r, err := s.ApplyTenant(ctx, backup.TenantRestore{
			Plan: p.ID, Mode: mode, Tables: c.Tables, Actor: change.Actor{Kind: change.ActorSystem, Name: "payaid backup restore-tenant"},
		})
		if err != nil {
			return err
		}
		e.printTenantReport(c.Tenant, r)
		return nil
	})
}

// find returns the id of what is to be restored from. A file is taken into the store
// first.
func (c restoreTenantCmd) find(ctx context.Context, s *backup.Service) (uuid.UUID, error) {
	if id, err := uuid.Parse(c.From); err == nil {
		return id, nil
	}
	f, err := os.Open(c.From)
	if err != nil {
		return uuid.Nil, fmt.Errorf("%.80q is neither an id of `payaid backup list` nor a file: %w", c.From, err)
	}
	defer func() { _ = f.Close() }() // only read
	a, err := s.AddTenantArchive(ctx, f)
	return a.ID, err
}

// confirms asks for the word on the terminal.
func (e *environment) confirms(word string) bool {
	fmt.Fprintf(e.out, "Type %s to restore: ", word)
	line, _ := bufio.NewReader(e.in).ReadString('\n') // without one the answer is no
	return strings.TrimSpace(line) == word
}

func (e *environment) printPlan(p backup.TenantPlan) {
	fmt.Fprintf(e.out, "\n%s (%s), what differs from %s:\n", p.Name, p.Slug, p.AsOf.Format(time.RFC1123))
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tGONE\tIN THE TRASH\tCHANGED\tNEW\tTHE SAME")
	for _, t := range p.Tables {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\n", t.Table, t.Missing, t.Trashed, t.Changed, t.Added, t.Same)
	}
	_ = w.Flush() // to a buffer or terminal, as all that is printed
	for _, t := range p.Tables {
		for _, s := range t.Samples {
			fmt.Fprintf(e.out, "  %s %s: %s%s\n", t.Table, stateWords[s.State], s.Title, columnsOf(s))
		}
	}
	fmt.Fprintln(e.out)
}

var stateWords = map[string]string{"missing": "gone", "trashed": "in the trash", "changed": "changed", "added": "new"}

func columnsOf(s backup.Sample) string {
	if len(s.Columns) == 0 {
		return ""
	}
	return " (" + strings.Join(s.Columns, ", ") + ")"
}

func (e *environment) printTenantReport(slug string, r backup.TenantReport) {
	for _, c := range r.Clashes {
		fmt.Fprintf(e.err, "payaid: not restored: %s %s: %s\n", c.Table, c.Title, c.Problem)
	}
	if r.MissingCount > 0 {
		fmt.Fprintf(e.err, "payaid: warning: %d files that restored rows refer to are in no store, the first is %s\n", r.MissingCount, r.MissingFiles[0])
	}
	if r.FilesBack > 0 {
		fmt.Fprintf(e.out, "put %d files back\n", r.FilesBack)
	}
	fmt.Fprintf(e.out, "%d rows were restored. To undo it: payaid backup restore-tenant %s --tenant %s --as-it-was\n", r.Restored(), r.Undo, slug)
}
