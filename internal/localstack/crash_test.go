package localstack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestKilledUserLeavesServersToTheNext(t *testing.T) {
	dir := dataDir(t)
	other := startUser(t, dir)
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	cluster, _, err := h.newestCluster()
	if err != nil {
		t.Fatal(err)
	}
	pid := postmaster(cluster)
	killUser(other)
	if pid == 0 || postmaster(cluster) != pid {
		t.Fatalf("the server went with its killed user: %d, then %d", pid, postmaster(cluster))
	}
	s := start(t, dir)
	if got := postmaster(cluster); got != pid {
		t.Errorf("the next start runs %d instead of adopting %d", got, pid)
	}
	closeStack(t, s)
	if pg, redis := runs(s); pg || redis {
		t.Errorf("the killed user still counts: PostgreSQL %t, Redis %t", pg, redis)
	}
}

func TestOtherProcessKeepsServers(t *testing.T) {
	dir := dataDir(t)
	s := start(t, dir)
	startUser(t, dir)
	closeStack(t, s)
	if pg, redis := runs(s); !pg || !redis {
		t.Errorf("another process still uses them: PostgreSQL %t, Redis %t", pg, redis)
	}
}

func TestSupervisorRestartsKilledServers(t *testing.T) {
	dir := dataDir(t)
	s := start(t, dir)
	supervise(t, s)
	supervise(t, start(t, dir)) // two supervisors must not get in each other's way
	exec1(t, s, "create table kept(n int); insert into kept select generate_series(1, 1000)")

	pg, redis := postmaster(s.pg.dir), redisProcess(s.home)
	for _, pid := range []int{pg, redis} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both servers are back", func() bool {
		return postmaster(s.pg.dir) != pg && redisProcess(s.home) != redis && s.Alive(t.Context()) == nil
	})
	conn, err := pgx.Connect(t.Context(), s.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	if err := conn.QueryRow(t.Context(), "select count(*) from kept").Scan(&n); err != nil || n != 1000 {
		t.Errorf("%d committed rows survived, %v", n, err)
	}
}

func TestStalePidFilesOfStrangers(t *testing.T) {
	dir := dataDir(t)
	s := start(t, dir)
	pid := postmaster(s.pg.dir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the postmaster is gone", func() bool { return !isProcess(pid, s.pg.dir) })
	closeStack(t, s)

	// This very process stands for the stranger that got the old number.
	file := filepath.Join(s.pg.dir, "postmaster.pid")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stranger := strconv.Itoa(os.Getppid())
	for path, text := range map[string]string{
		file: strings.Replace(string(data), strconv.Itoa(pid), stranger, 1),
		filepath.Join(s.home.run, postgresSocket+".lock"): fmt.Sprintf("%s\n%s\n", stranger, s.pg.dir),
		s.home.path(redisPid):                             stranger + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := start(t, dir).Alive(t.Context()); err != nil {
		t.Error(err)
	}
}
