package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"payaid/internal/localstack"
)

// cost is what one run of a program took, with all programs that it started.
type cost struct {
	wall, client, server time.Duration
	peakMiB              float64
	bytes                int64
}

// backupFigures compare a backup with the bare pipeline of the same database in the
// same run, and tell what else people notice of backups and restores.
type backupFigures struct {
	Contacts    int
	At          time.Time
	Ours, Bare  cost
	Idle, While []time.Duration // latencies of a list, p50 and p99
	Outages     []time.Duration // of a restore, and of its rollback
	Gaps        []time.Duration // the longest time without a write meanwhile
}

// measureBackups measures backups and a restore on a stage of n contacts.
func (o options) measureBackups(ctx context.Context, dir string, n int) (f backupFigures, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return f, err
	}
	s, err := newStage(ctx, dir, n)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	f = backupFigures{Contacts: n, At: time.Now().UTC().Truncate(time.Second)}
	var ours, bare []cost
	var id string
	for range o.rounds { // in turn, so that a busy moment of the machine hits both
		b, err := s.barePipeline(ctx)
		if err != nil {
			return f, err
		}
		a, made, err := s.backup(ctx)
		if err != nil {
			return f, err
		}
		ours, bare, id = append(ours, a), append(bare, b), made
	}
	f.Ours, f.Bare = medianCost(ours), medianCost(bare)
	if f.Idle, err = s.latencies(ctx, func() error { return sleepFor(ctx, 3*time.Second) }); err != nil {
		return f, err
	}
	if f.While, err = s.latencies(ctx, func() error { _, _, err := s.backup(ctx); return err }); err != nil {
		return f, err
	}
	for _, args := range [][]string{{"backup", "restore", id, "--yes"}, {"backup", "rollback"}} {
		outage, gap, err := s.outage(ctx, args)
		if err != nil {
			return f, err
		}
		f.Outages, f.Gaps = append(f.Outages, outage), append(f.Gaps, gap)
	}
	return f, nil
}

// writeBackups measures every size and puts the tables into a document.
func (o options) writeBackups(ctx context.Context, dir, document string) error {
	var text strings.Builder
	for _, n := range o.sizes {
		f, err := o.measureBackups(ctx, fmt.Sprintf("%s/%d", dir, n), n)
		if err != nil {
			return fmt.Errorf("backups with %d contacts: %w", n, err)
		}
		fmt.Print(f.markdown())
		text.WriteString(f.markdown())
	}
	return replaceIn(document, text.String())
}

func sleepFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func medianCost(all []cost) cost {
	slices.SortFunc(all, func(a, b cost) int { return int(a.client + a.server - b.client - b.server) })
	return all[len(all)/2]
}

// backup makes one with the program and returns its id.
func (s *stage) backup(ctx context.Context) (c cost, id string, err error) {
	var out strings.Builder
	c, err = s.costOf(ctx, &out, s.program, "backup", "create")
	if err != nil {
		return c, "", err
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	id = lines[len(lines)-1]
	c.bytes, err = sizeOf(filepath.Join(s.dir, "data", "backups", id, "db.pgc.zst.age"))
	return c, id, err
}

// barePipeline is the least that a compressed dump can cost.
func (s *stage) barePipeline(ctx context.Context) (cost, error) {
	to := filepath.Join(s.dir, "bare.pgc.zst")
	dump := ""
	for _, dir := range localstack.ProgramDirs(ctx) {
		if _, err := os.Stat(filepath.Join(dir, "pg_dump")); err == nil {
			dump = filepath.Join(dir, "pg_dump")
		}
	}
	if _, err := exec.LookPath("zstd"); err != nil || dump == "" {
		return cost{}, errors.New("the bare pipeline needs pg_dump and zstd (apt-get install zstd)")
	}
	c, err := s.costOf(ctx, nil, "sh", "-c", `"$0" -Fc -Z0 -d "$1" | zstd -q -1 -T1 -f -o "$2"`, dump, s.backupURL, to)
	if err != nil {
		return c, err
	}
	c.bytes, err = sizeOf(to)
	return c, errors.Join(err, os.Remove(to))
}

// costOf runs a program to its end.
func (s *stage) costOf(ctx context.Context, out *strings.Builder, name string, args ...string) (c cost, err error) {
	before, err := cpuOfAll(s.meter.postgres)
	if err != nil {
		return c, err
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), s.env()...)
	var errs strings.Builder
	cmd.Stderr = &errs
	if out != nil {
		cmd.Stdout = out
	}
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return c, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, errs.String())
	}
	c.wall = time.Since(begun)
	after, err := cpuOfAll(s.meter.postgres)
	if err != nil {
		return c, err
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	c.client, c.server = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), after-before
	c.peakMiB = float64(used.Maxrss) / 1024
	return c, nil
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// latencies asks for a list, one after the other, until what is done meanwhile ends.
func (s *stage) latencies(ctx context.Context, meanwhile func() error) ([]time.Duration, error) {
	ended := make(chan error, 1)
	go func() { ended <- meanwhile() }()
	var all []time.Duration
	for {
		select {
		case err := <-ended:
			slices.Sort(all)
			return []time.Duration{all[len(all)/2], all[len(all)*99/100]}, err
		default:
		}
		begun := time.Now()
		if _, err := s.fetch(ctx, "/api/v1/contacts?limit=50"); err != nil {
			return nil, errors.Join(err, <-ended)
		}
		all = append(all, time.Since(begun))
	}
}

var waited = regexp.MustCompile(`writes waited for ([0-9a-zµ.]+)`)

// outage runs a verb that swaps databases while somebody writes, and returns how long
// it held writes and the longest time without a write.
func (s *stage) outage(ctx context.Context, args []string) (held, gap time.Duration, err error) {
	writing, stop := context.WithCancel(ctx)
	gaps := make(chan time.Duration, 1)
	go func() { gaps <- s.keepWriting(writing) }()
	out, err := run(ctx, s.env(), s.program, args...)
	if err == nil {
		err = sleepFor(ctx, 500*time.Millisecond)
	}
	stop()
	gap = <-gaps
	if err != nil {
		return 0, 0, err
	}
	found := waited.FindStringSubmatch(out)
	if found == nil {
		return 0, 0, fmt.Errorf("%v does not say how long writes waited: %s", args, out)
	}
	held, err = time.ParseDuration(found[1])
	return held, gap, err
}

// keepWriting makes contacts until ctx ends and returns the longest time without one.
// Whoever is told to wait tries again.
func (s *stage) keepWriting(ctx context.Context) (gap time.Duration) {
	for last := time.Now(); ctx.Err() == nil; {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cached.base+"/api/v1/contacts", strings.NewReader(`{"firstName":"Written meanwhile"}`))
		if err != nil {
			return 0
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusCreated {
			gap = max(gap, time.Since(last))
			last = time.Now()
		}
	}
	return gap
}

// markdown is the table of docs/backup.md.
func (f backupFigures) markdown() string {
	var b strings.Builder
	ratio := func(a, b float64, aim string) string { return fmt.Sprintf("%.2f | %s", a/b, aim) }
	fmt.Fprintf(&b, "\n%s contacts, %s.\n\n| | a backup | `pg_dump -Fc -Z0 \\| zstd -1` | times | aim |\n|---|---|---|---|---|\n", grouped(f.Contacts), f.At.Format("2 January 2006"))
	fmt.Fprintf(&b, "| time | %.2f s | %.2f s | %s |\n", f.Ours.wall.Seconds(), f.Bare.wall.Seconds(), ratio(f.Ours.wall.Seconds(), f.Bare.wall.Seconds(), "≤ 1.5"))
	fmt.Fprintf(&b, "| processor time of the programs | %.2f s | %.2f s | %s |\n", f.Ours.client.Seconds(), f.Bare.client.Seconds(), ratio(f.Ours.client.Seconds(), f.Bare.client.Seconds(), "≤ 1.5"))
	fmt.Fprintf(&b, "| processor time of PostgreSQL | %.2f s | %.2f s | %s |\n", f.Ours.server.Seconds(), f.Bare.server.Seconds(), ratio(f.Ours.server.Seconds(), f.Bare.server.Seconds(), ""))
	fmt.Fprintf(&b, "| size | %.2f MB | %.2f MB | %s |\n", float64(f.Ours.bytes)/1e6, float64(f.Bare.bytes)/1e6, ratio(float64(f.Ours.bytes), float64(f.Bare.bytes), "≤ 1.05"))
	fmt.Fprintf(&b, "| most memory of one process | %.0f MiB | %.0f MiB | | < 100 MiB |\n", f.Ours.peakMiB, f.Bare.peakMiB)
	fmt.Fprintf(&b, "\nA list of 50 took %s (p50) and %s (p99) before, %s and %s during a backup. A restore held writes for %s, its rollback for %s (aim: below 1 s); "+
		"the longest time without a write through the API was %s and %s.\n\n",
		ms(f.Idle[0]), ms(f.Idle[1]), ms(f.While[0]), ms(f.While[1]), ms(f.Outages[0]), ms(f.Outages[1]), ms(f.Gaps[0]), ms(f.Gaps[1]))
	return b.String()
}

func ms(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }
