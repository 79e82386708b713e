package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// checkFigures finds every figure that the alerts and the dashboard name at the
// private address, so that none of them watches what nobody tells any more.
func checkFigures(t *testing.T, private string) {
	t.Helper()
	var named []string
	for _, file := range []string{"alerts.yml", "grafana/payaid.json"} {
		text, err := os.ReadFile("../../deploy/monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, regexp.MustCompile(`\b(?:payaid|go|process)_[a-z_]+`).FindAllString(string(text), -1)...)
	}
	slices.Sort(named)
	if named = slices.Compact(named); len(named) < 15 {
		t.Fatalf("only %v are named", named)
	}
	// Jobs begin a moment after the start, and a new installation has no backup.
	deadline := time.Now().Add(time.Minute)
	for {
		figures := fetch(t, "http://"+private+"/metrics")
		missing := slices.DeleteFunc(slices.Clone(named), func(name string) bool {
			return strings.HasSuffix(name, "_timestamp_seconds") || strings.Contains(figures, "\n"+name+"{") || strings.Contains(figures, "\n"+name+" ")
		})
		if len(missing) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody tells %v", missing)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if profile := fetch(t, "http://"+private+"/debug/pprof/goroutine?debug=1"); !strings.Contains(profile, "goroutine profile") {
		t.Errorf("the profile begins with %.100q", profile)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, res.StatusCode, err)
	}
	return string(body)
}
