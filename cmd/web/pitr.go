package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"payaid/internal/backup"
	"payaid/internal/localstack"
)

// pitrCmds are the verbs below backup that concern single moments.
type pitrCmds struct {
	ReceiveWAL receiveWALCmd `cmd:"" name:"receive-wal" help:"Archive the write-ahead log of the database server until told to end."`
	Base       backupBaseCmd `cmd:"" help:"Make a base backup now, from which moments are recovered; the schedule makes one each day."`
	Window     windowCmd     `cmd:"" help:"Tell which moments can be restored."`
}

// walOptions say where the log is archived; nowhere unless PAYAID_BACKUP_PITR is on.
func (e *environment) walOptions(ctx context.Context) (backup.WALOptions, error) {
	o := backup.WALOptions{Days: e.cfg.Backup.PITRDays, Dir: e.cfg.Backup.WorkDir, Unprivileged: localstack.Unprivileged}
	if !e.cfg.Backup.PITR {
		return o, nil
	}
	dir := o.Dir
	if dir == "" {
		dir = filepath.Join(e.cfg.DataDir, "recovery")
	}
	var err error
	if o.Dir, err = filepath.Abs(dir); err != nil {
		return o, err
	}
	o.Store, err = e.openBackupStore(ctx, "wal")
	return o, err
}

type receiveWALCmd struct {
	Every time.Duration `default:"1m" help:"How often the segment that is being written is finished: what is lost at most with the server's disk."`
}

// Run archives until it is told to end, which is no failure.
func (c receiveWALCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error { return s.ReceiveWAL(ctx, c.Every) })
}

type backupBaseCmd struct{}

// Run makes a base backup.
func (backupBaseCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		b, err := s.TakeBase(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.out, b.ID)
		return nil
	})
}

type windowCmd struct {
	JSON  bool          `help:"Answer as JSON."`
	Fresh time.Duration `help:"Fail when nothing was archived for so long." placeholder:"10m"`
}

// Run prints the moments that can be restored, in the zone of the schedule.
func (c windowCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		w, err := s.Window(ctx)
		if err != nil {
			return err
		}
		if age := time.Since(w.Archived); c.Fresh > 0 && age > c.Fresh {
			return fmt.Errorf("nothing of the write-ahead log was archived in the last %s", c.Fresh)
		}
		if c.JSON {
			enc := json.NewEncoder(e.out)
			enc.SetIndent("", "  ")
			return enc.Encode(w)
		}
		zone, err := s.Zone(ctx)
		if err != nil {
			return err
		}
		show := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04:05 MST") }
		if len(w.Spans) == 0 {
			fmt.Fprintln(e.out, "no moment can be restored yet")
		} else {
			t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "FROM\tTO\tTHEN")
			for i, span := range w.Spans {
				fmt.Fprintf(t, "%s\t%s\t%s\n", show(span.From), show(span.To), follows(span.Lacks, i+1 == len(w.Spans)))
			}
			_ = t.Flush() // to a buffer or terminal, as all that is printed
		}
		fmt.Fprintf(e.out, "%d base backups and %d segments of the write-ahead log, %d bytes\n", w.Bases, w.Segments, w.Bytes)
		if !w.Archived.IsZero() {
			fmt.Fprintf(e.out, "the newest segment was archived %s ago\n", max(time.Since(w.Archived), 0).Round(time.Second))
		}
		for _, u := range w.Untrusted {
			fmt.Fprintln(e.err, "payaid: warning: not trusted: base backup", u)
		}
		return nil
	})
}

// follows says what comes after a span.
func follows(lacks string, last bool) string {
	switch {
	case lacks != "":
		return "a gap: " + lacks + " is missing"
	case last:
		return "the log goes on"
	}
	return "the log of another server"
}

// restoreTo restores a moment, unless the person at the terminal thinks better of it.
func (c backupRestoreCmd) restoreTo(ctx context.Context, e *environment, s *backup.Service) error {
	zone, err := s.Zone(ctx)
	if err != nil {
		return err
	}
	to, err := backup.ParseMoment(c.To, zone)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if !c.Yes {
		moment := to.In(zone).Format("2006-01-02 15:04")
		fmt.Fprintf(e.out, "Everything that was entered after %s will be replaced, for all businesses. What is live now is kept for 7 days.\n"+
			"Type %s to go on: ", to.In(zone).Format("2 January 2006, 15:04:05 MST"), moment)
		answer, _ := bufio.NewReader(e.in).ReadString('\n') // without a terminal there is no answer
		fmt.Fprintln(e.out)
		if strings.TrimSpace(answer) != moment {
			return errors.New("nothing was restored: that was not the moment; with --yes nothing is asked")
		}
	}
	r, err := s.RestoreTo(ctx, to)
	if err != nil {
		return err
	}
	e.printRestored(r)
	return nil
}
