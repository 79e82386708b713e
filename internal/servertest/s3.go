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
	addr := "127.0.0.1:" + freePort(t)
	opt := blob.S3Options{
		Endpoint: "http://" + addr, Region: "us-east-1", Bucket: "payaid-test",
		AccessKey: "payaid-test", SecretKey: "payaid-test-secret",
	}
	store, err := blob.NewS3(opt)
	if err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	data, metadata := filepath.Join(dir, "data"), filepath.Join(dir, "metadata")
	for _, name := range []string{data, metadata} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// A sidecar directory instead of extended attributes, which not every file system has.
	cmd := exec.Command(gatewayBinary(t), "--port", addr, "--region", opt.Region, "--quiet",
		"posix", "--sidecar", metadata, data)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+opt.AccessKey, "ROOT_SECRET_KEY="+opt.SecretKey)
	start(t, cmd, "tcp", addr, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return store.EnsureBucket(ctx)
	})
	return opt
}

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
