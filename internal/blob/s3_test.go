package blob_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"payaid/internal/blob"
	"payaid/internal/servertest"
)

func TestS3Options(t *testing.T) {
	good := blob.S3Options{Endpoint: "http://localhost:7070", Bucket: "b", AccessKey: "a", SecretKey: "s3cr3t"}
	if _, err := blob.NewS3(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*blob.S3Options){
		"no endpoint":    func(o *blob.S3Options) { o.Endpoint = "" },
		"no scheme":      func(o *blob.S3Options) { o.Endpoint = "localhost:7070" },
		"wrong scheme":   func(o *blob.S3Options) { o.Endpoint = "ftp://localhost" },
		"a path":         func(o *blob.S3Options) { o.Endpoint += "/bucket" },
		"a user":         func(o *blob.S3Options) { o.Endpoint = "http://a:s3cr3t@localhost" },
		"a query":        func(o *blob.S3Options) { o.Endpoint += "?x=s3cr3t" },
		"no bucket":      func(o *blob.S3Options) { o.Bucket = "" },
		"no access key":  func(o *blob.S3Options) { o.AccessKey = "" },
		"no secret key":  func(o *blob.S3Options) { o.SecretKey = "" },
		"too small part": func(o *blob.S3Options) { o.PartSize = 5<<20 - 1 },
	} {
		opt := good
		change(&opt)
		if _, err := blob.NewS3(opt); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: got %v, want an error without the secret", name, err)
		}
	}
}

func TestS3Bucket(t *testing.T) {
	opt := servertest.S3(t)
	opt.Bucket = "made-when-missing"
	store, err := blob.NewS3(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "bucket made-when-missing is missing") {
		t.Errorf("check without a bucket: %v", err)
	}
	for range 2 {
		if err := store.EnsureBucket(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Check(t.Context()); err != nil {
		t.Error(err)
	}

	opt.SecretKey = "another secret"
	stranger, err := blob.NewS3(opt)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"bucket": stranger.EnsureBucket(t.Context()), "check": stranger.Check(t.Context())} {
		if err == nil || errors.Is(err, blob.ErrNotFound) || strings.Contains(err.Error(), opt.SecretKey) {
			t.Errorf("%s with a wrong secret key: %v", name, err)
		}
	}
}

func TestS3Down(t *testing.T) {
	store, err := blob.NewS3(blob.S3Options{Endpoint: "http://127.0.0.1:1", Bucket: "b", AccessKey: "a", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := store.Check(t.Context()); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := store.Stat(t.Context(), "k"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}
