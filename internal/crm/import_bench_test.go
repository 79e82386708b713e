package crm_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchRows is how many rows the measured file has.
const benchRows = 20_000

// BenchmarkImport tells what an import of new contacts takes: the processor time of
// this process and that of the database's, which what else the machine does hardly
// changes. docs/performance.md has the figures.
func BenchmarkImport(b *testing.B) {
	k := newDesk(b)
	var ours, theirs time.Duration
	for n := range b.N {
		var file strings.Builder
		file.WriteString("First name,Last name,Email,Phone,Company,Job title,Address,Tags,Stage,Notes\n")
		for i := range benchRows {
			fmt.Fprintf(&file, "Meera %d,Iyer,meera.%d.%d@example.in,+9198%08d,Aravalli Traders %d,Buyer,\"%d MG Road, Pune\",north; wholesale,prospect,Met at the fair\n", i, n, i, i, i%1000, i%200)
		}
		i := k.start(b, k.asha, csvInput(file.String()))
		own, backends := ownTime(b), k.backendTime(b)
		k.wantCounts(b, k.run(b, k.asha, i), benchRows, 0, 0, 0)
		ours, theirs = ours+ownTime(b)-own, theirs+k.backendTime(b)-backends
	}
	rows := float64(b.N * benchRows)
	b.ReportMetric(float64(ours.Microseconds())/rows, "µs-cpu/row")
	b.ReportMetric(float64(theirs.Microseconds())/rows, "µs-postgres/row")
}

func ownTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// backendTime is the processor time of the database's processes that serve the
// tests' pool. It lasts as long as the pool keeps them.
func (k *desk) backendTime(t testing.TB) (sum time.Duration) {
	t.Helper()
	for _, pid := range query[int32](t, k.office, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'payaid_app'") {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
		var own, system int64
		if _, err := fmt.Sscan(fields[11]+" "+fields[12], &own, &system); err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(own+system) * 10 * time.Millisecond // a hundredth of a second each
	}
	return sum
}
