package servertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"payaid/internal/blob"
)

// S3 starts a versitygw server with an empty bucket and returns the options for blob.NewS3. The test fails when the program is neither
// named by PAYAID_TEST_VERSITYGW nor on PATH nor in the repository's bin directory.
func S3(t testing.TB) blob.S3Options {
	t.Helper()
	return NewControlledS3(t).Options
}

// ControlledS3 is an S3 server that a test may kill and start again.
type ControlledS3 struct {
	Options blob.S3Options

	t              testing.TB
	addr           string
	data, metadata string
	p              *process
}

// NewControlledS3 starts a server with an empty bucket.
func NewControlledS3(t testing.TB) *ControlledS3 {
	t.Helper()
	dir := shortDir(t)
	s := &ControlledS3{t: t, addr: "127.0.0.1:" + freePort(t), data: filepath.Join(dir, "data"), metadata: filepath.Join(dir, "metadata")}
	s.Options = blob.S3Options{
		Endpoint: "http://" + s.addr, Region: "us-east-1", Bucket: "payaid-test",
		AccessKey: "payaid-test", SecretKey: "payaid-test-secret",
	}
	for _, name := range []string{s.data, s.metadata} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	return s
}

// Start runs the server on what was stored before it was killed.
func (s *ControlledS3) Start() {
	s.t.Helper()
	store, err := blob.NewS3(s.Options)
	if err != nil {
		s.t.Fatal(err)
	}
	// A sidecar directory instead of extended attributes, which not every file system has.
	cmd := exec.Command(gatewayBinary(s.t), "--port", s.addr, "--region", s.Options.Region, "--quiet",
		"posix", "--sidecar", s.metadata, s.data)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.Options.AccessKey, "ROOT_SECRET_KEY="+s.Options.SecretKey)
	s.p = start(s.t, cmd, "tcp", s.addr, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return store.EnsureBucket(ctx)
	})
}

// Kill ends the server without a goodbye.
func (s *ControlledS3) Kill() { s.p.kill() }

func gatewayBinary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("PAYAID_TEST_VERSITYGW"); path != "" {
		return path
	}
	if path, err := exec.LookPath("versitygw"); err == nil {
		return path
	}
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "bin", "versitygw")
	if _, err := os.Stat(path); err != nil {
		t.Fatal("this test needs the S3 server versitygw: run it with make test, which builds bin/versitygw, or name one in PAYAID_TEST_VERSITYGW")
	}
	return path
}

// repositoryRoot looks for go.mod from the tested package's directory upwards.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the tested package")
		}
		dir = parent
	}
}
