package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"payaid/internal/metrics"
)

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestASlowFigureIsAskedForOnce(t *testing.T) {
	m := metrics.New("test")
	asked := 0
	m.ReadSlowly(metrics.Figure{Name: "waiting", Help: "What waits.", Labels: []string{"kind"}}, func(context.Context) ([]metrics.Value, error) {
		asked++
		return []metrics.Value{{Labels: []string{"mail"}, Number: 7}}, nil
	})
	for range 3 {
		if body := scrape(t, m); !strings.Contains(body, `payaid_waiting{kind="mail"} 7`) {
			t.Fatalf("no figure in %s", body)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAFigureThatCannotBeReadIsMissingAndCounted(t *testing.T) {
	m := metrics.New("test")
	m.ReadSlowly(metrics.Figure{Name: "waiting", Help: "What waits."}, func(ctx context.Context) ([]metrics.Value, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("nothing bounds the reading")
		}
		return []metrics.Value{{Number: 7}}, errors.New("the database is away")
	})
	if body := scrape(t, m); strings.Contains(body, "payaid_waiting ") {
		t.Error("a figure that could not be read is told")
	}
	if body := scrape(t, m); !strings.Contains(body, `payaid_reading_failures_total{figure="waiting"} 1`) {
		t.Errorf("the failure is not counted in %s", body)
	}
}

func TestJobsByKindAndOutcome(t *testing.T) {
	m := metrics.New("test")
	m.Job("mail.send", "failed", 300*time.Millisecond)
	body := scrape(t, m)
	for _, line := range []string{`payaid_job_duration_seconds_bucket{kind="mail.send",outcome="failed",le="0.1"} 0`, `payaid_job_duration_seconds_bucket{kind="mail.send",outcome="failed",le="0.5"} 1`} {
		if !strings.Contains(body, line) {
			t.Errorf("%s is missing", line)
		}
	}
}
