package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"payaid/internal/servertest"
)

// process is one running copy of the program.
type process struct {
	cmd  *exec.Cmd
	base string // http://localhost:port
	dir  string // its data directory
	env  []string
	log  *servertest.Output
}

// start runs `payaid serve` on dataDir at a free port and waits until it is
// ready.
func start(dataDir string, env ...string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return nil, err
	}
	p := &process{base: fmt.Sprintf("http://localhost:%d", addr.Port), dir: dataDir, log: &servertest.Output{}}
	p.env = append(cleanEnv(), append(env, "PAYAID_DATA_DIR="+dataDir, fmt.Sprintf("PAYAID_ADDR=127.0.0.1:%d", addr.Port))...)
	p.cmd = exec.Command(suite.binary, "serve")
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.waitReady(time.Minute)
}

// cleanEnv is the environment without settings of PayAid.
func cleanEnv() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PAYAID_") {
			out = append(out, kv)
		}
	}
	return out
}

func (p *process) waitReady(patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if res, err := http.Get(p.base + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.kill()
	return fmt.Errorf("the program was not ready within %s:\n%s", patience, p.log)
}

// stop ends the program as an operator does, and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// kill ends the program as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// verb runs another verb of the program on the same data directory.
func (p *process) verb(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(suite.binary, args...)
	cmd.Env = p.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("payaid %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}
