package localstack

import (
	"os"
	"strings"
	"testing"
)

func TestOrdinaryUserRunsServersAsItself(t *testing.T) {
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.settle(); err != nil {
		t.Fatal(err)
	}
	if isRoot := os.Geteuid() == 0; isRoot == (h.as.way == plain) {
		t.Errorf("root %t, way %d", isRoot, h.as.way)
	}
}

// Root without user namespaces gives the directory to nobody; the next start
// finds that owner and keeps to it.
func TestRootGivesDataDirectoryToNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root may give files away; TestOrdinaryUserRunsServersAsItself is the other half
	}
	dir, err := os.MkdirTemp("/tmp", "localstack") // nobody must reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	fillDataDir(t, dir)
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	if h.as, err = lookupNobody(); err != nil {
		t.Fatal(err)
	}
	if err := h.giveAway(); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	if s.home.as.way != switched || s.home.as.uid != h.as.uid {
		t.Fatalf("runs as %+v", s.home.as)
	}
	exec1(t, s, "create table t(n int)")
	redisRoundTrip(t, s)
	info, err := os.Stat(s.home.path(secretFile))
	if err != nil || uidOf(info) != h.as.uid {
		t.Errorf("the secret belongs to %d, not to the directory's owner: %v", uidOf(info), err)
	}
}

func TestServerEnvironment(t *testing.T) {
	got := strings.Join(serverEnv([]string{"PATH=/bin", "PGDATA=/other", "LC_ALL=hi_IN", "PAYAID_SECRET_KEY=x", "HOME=/h"}), " ")
	if got != "LC_ALL=C PATH=/bin HOME=/h" {
		t.Error(got)
	}
}
