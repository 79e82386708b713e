// Package metrics counts what the process does and tells it to Prometheus. It knows
// nothing of what it counts: who has figures hands them in. No figure names a
// business or a person, so that whoever may watch the machines learns nothing about
// customers.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// namespace begins every name of ours.
const namespace = "payaid"

// durations are the bounds of the buckets in seconds: from a page out of the cache
// to the time limit of a request.
var durations = []float64{0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15}

// jobDurations are those of jobs, which may take minutes.
var jobDurations = []float64{0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200}

// Metrics are the figures of one process.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	failures *prometheus.CounterVec // of slow readings
}

// New returns the figures of a process of this version, with those of the Go
// runtime and of the operating system.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests that are being answered."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "http_requests_total", Help: "Answered requests."}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "http_request_duration_seconds",
			Help: "Time until a request was answered; a stream's ends with its first line.", Buckets: durations}, []string{"method", "route"}),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "job_duration_seconds",
			Help: "Time of one run of a background job.", Buckets: jobDurations}, []string{"kind", "outcome"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "reading_failures_total", Help: "Figures that could not be read when they were asked for."}, []string{"figure"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "Always 1; the label tells the version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(m.inFlight, m.requests, m.took, m.jobs, m.failures, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Begin counts a request as being answered until the returned function is called
// with what became of it. route is the pattern, not the path, so that the number of
// figures stays small.
func (m *Metrics) Begin() (end func(method, route string, status int)) {
	m.inFlight.Inc()
	start := time.Now()
	return func(method, route string, status int) {
		m.inFlight.Dec()
		m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
		m.took.WithLabelValues(method, route).Observe(time.Since(start).Seconds())
	}
}

// Job counts one run of a background job.
func (m *Metrics) Job(kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// Handler answers with all figures, in the format that the asker prefers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
