package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Between these lines of a document stands what writeInto wrote.
const (
	begins = "<!-- made by bench -into -->"
	ends   = "<!-- end of what bench made -->"
)

// writeInto puts the results of the files into a document.
func writeInto(document string, files []string) error {
	var all []results
	for _, name := range files {
		b, err := os.ReadFile(name) //nolint:gosec // named by whoever runs this
		if err != nil {
			return err
		}
		var some []results
		if err := json.Unmarshal(b, &some); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, some...)
	}
	return replaceIn(document, markdown(all))
}

// replaceIn puts a text between the marks of a document.
func replaceIn(document, table string) error {
	text, err := os.ReadFile(document) //nolint:gosec // named by whoever runs this
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(text), begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok1 || !ok2 {
		return errors.New(document + " has no place for results: " + begins)
	}
	return os.WriteFile(document, []byte(before+begins+"\n"+table+ends+after), 0o600)
}

func markdown(all []results) string {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "\n**%s contacts**, %s. Memory of the process: %.0f MiB idle, %.0f MiB after %d connections.\n\n", grouped(r.Contacts), r.At.Format("2 January 2006"), r.IdleMiB, r.LoadedMiB, r.LoadedConns)
		b.WriteString("| answer | connections | a second | p50 | p99 | CPU of PayAid + PostgreSQL + Redis | limit | times its limit | aim |\n|---|---|---|---|---|---|---|---|---|\n")
		for _, f := range r.Figures {
			limit, times, aim := "", "", ""
			if f.Ratio > 0 {
				limit, times, aim = fmt.Sprintf("%.0f µs", f.Limit.CPU), fmt.Sprintf("%.2f", f.Ratio), fmt.Sprintf("≤ %g", f.Aim)
				if f.Ratio > f.Aim {
					times = "**" + times + "**"
				}
			}
			fmt.Fprintf(&b, "| %s | %d | %s | %.1f ms | %.1f ms | %.0f + %.0f + %.0f = %.0f µs | %s | %s | %s |\n", f.Name, f.Conns, grouped(int(f.Ours.PerSecond)), f.Ours.P50, f.Ours.P99,
				f.Ours.Program, f.Ours.Postgres, f.Ours.Redis, f.Ours.CPU, limit, times, aim)
		}
	}
	return b.String() + "\n"
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
