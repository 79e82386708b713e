package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"payaid/internal/crm"
)

func TestMetricsCountByRouteAndNameNobody(t *testing.T) {
	w := newWorld(t)
	owner := w.as(t, w.owner)
	owner.get(t, "/companies").is(t, http.StatusOK)
	record := w.contact(t, w.owner, crm.ContactInput{FirstName: "Asha"}).ID.String()
	owner.get(t, "/contacts/"+record).is(t, http.StatusOK)
	for _, path := range []string{"/wp-login.php", "/contacts/a/b/c/d", "/api/v1/nothing"} {
		owner.get(t, path).is(t, http.StatusNotFound)
	}

	a := w.visitor().get(t, "/metrics")
	a.is(t, http.StatusOK)
	for _, line := range []string{
		`payaid_http_requests_total{method="GET",route="/companies",status="200"} 1`,
		`payaid_http_requests_total{method="GET",route="/contacts/:id",status="200"} 1`,
		`payaid_http_requests_total{method="GET",route="none",status="404"} 3`,
		`payaid_http_request_duration_seconds_count{method="GET",route="/companies"} 1`,
		`payaid_http_requests_in_flight 1`, // this one
		`payaid_build_info{version="test"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(a.body, line) {
			t.Errorf("the figures lack %s", line)
		}
	}
	ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`)
	if found := ids.FindString(a.body); found != "" || strings.Contains(a.body, "wp-login") || strings.Contains(a.body, w.owner.email) {
		t.Errorf("the figures tell more than counts: %s", found)
	}
}

func TestMetricsAreNotForWhoeverComesThroughAProxy(t *testing.T) {
	w := newWorld(t)
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "Via"} {
		w.visitor().get(t, "/metrics", header, "203.0.113.9").is(t, http.StatusNotFound)
	}
}
