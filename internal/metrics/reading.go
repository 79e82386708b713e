package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// slowFor is how long a slow figure is told again before it is read anew, so that
	// several who watch cost no more than one.
	slowFor = 15 * time.Second
	// slowTimeout bounds the reading of a slow figure.
	slowTimeout = 2 * time.Second
)

// Figure describes a family of values. Name ends in _total for what only grows, and
// in its unit for what has one: _seconds, _bytes.
type Figure struct {
	Name, Help string
	Grows      bool
	Labels     []string
}

// Value is one value of a figure; Labels are in the figure's order.
type Value struct {
	Labels []string
	Number float64
}

// reading asks for its values when it is scraped.
type reading struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() []Value
}

// Describe implements prometheus.Collector.
func (r *reading) Describe(out chan<- *prometheus.Desc) { out <- r.desc }

// Collect implements prometheus.Collector.
func (r *reading) Collect(out chan<- prometheus.Metric) {
	for _, v := range r.read() {
		out <- prometheus.MustNewConstMetric(r.desc, r.kind, v.Number, v.Labels...)
	}
}

// Read adds a figure that is at hand in memory. A figure that is added twice, or
// whose values have other labels than it names, is a mistake in the program.
func (m *Metrics) Read(f Figure, read func() []Value) {
	r := &reading{desc: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", f.Name), f.Help, f.Labels, nil), kind: prometheus.GaugeValue, read: read}
	if f.Grows {
		r.kind = prometheus.CounterValue
	}
	m.registry.MustRegister(r)
}

// ReadSlowly adds a figure that somebody else has to be asked for: the database, a
// store. It is asked at most every 15 s; when the answer fails the figure is missing
// and payaid_reading_failures_total grows, so that an alert can tell "unknown" from
// "zero".
func (m *Metrics) ReadSlowly(f Figure, read func(ctx context.Context) ([]Value, error)) {
	failed := m.failures.WithLabelValues(f.Name)
	var mu sync.Mutex
	var at time.Time
	var known []Value
	m.Read(f, func() []Value {
		mu.Lock()
		defer mu.Unlock()
		if !at.IsZero() && time.Since(at) < slowFor {
			return known
		}
		ctx, cancel := context.WithTimeout(context.Background(), slowTimeout)
		defer cancel()
		values, err := read(ctx)
		if err != nil {
			failed.Inc()
			values = nil
		}
		at, known = time.Now(), values
		return known
	})
}
