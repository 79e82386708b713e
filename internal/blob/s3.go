package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	defaultRegion   = "us-east-1"
	minPartSize     = 5 << 20 // of the S3 protocol, as maxParts
	defaultPartSize = 16 << 20
	maxParts        = 10_000
	maxRetries      = 3 // of requests that can be repeated; minio-go's ten would keep a person waiting
)

// S3Options say where objects are kept.
type S3Options struct {
	Endpoint  string // http://host:port or https://host
	Region    string // us-east-1 when empty
	Bucket    string
	AccessKey string
	SecretKey string
	// PartSize is how much of an upload is sent, and held in memory, at a time, in bytes: at least 5 MiB, 16 MiB when 0. A stream can
	// be no longer than 10,000 parts: 156 GiB with 16 MiB.
	PartSize int64
}

// S3 is a Store in one bucket of a server that speaks the S3 protocol.
type S3 struct {
	client   minio.Core
	bucket   string
	region   string
	partSize int64
}

var _ Store = (*S3)(nil)

// NewS3 returns a Store for opt without talking to the server yet.
func NewS3(opt S3Options) (*S3, error) {
	u, err := url.Parse(opt.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("the S3 endpoint must be http://host:port or https://host:port and no more")
	}
	if opt.Bucket == "" || opt.AccessKey == "" || opt.SecretKey == "" {
		return nil, errors.New("S3 needs a bucket, an access key and a secret key")
	}
	if opt.Region == "" {
		opt.Region = defaultRegion
	}
	if opt.PartSize == 0 {
		opt.PartSize = defaultPartSize
	}
	if opt.PartSize < minPartSize {
		return nil, fmt.Errorf("the S3 part size is %d bytes, want at least %d", opt.PartSize, minPartSize)
	}
	client, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(opt.AccessKey, opt.SecretKey, ""),
		Secure:       u.Scheme == "https",
		Region:       opt.Region,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   maxRetries,
	})
	if err != nil {
		return nil, fmt.Errorf("S3 options: %w", err)
	}
	return &S3{client: *client, bucket: opt.Bucket, region: opt.Region, partSize: opt.PartSize}, nil
}

// EnsureBucket makes the bucket when it is missing. Call it once at start, when the server answers.
func (s *S3) EnsureBucket(ctx context.Context) error {
	exists, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("look for bucket %s: %w", s.bucket, err)
	}
	if exists {
		return nil
	}
	err = s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: s.region})
	if err != nil && minio.ToErrorResponse(err).Code != minio.BucketAlreadyOwnedByYou { // another replica was faster
		return fmt.Errorf("make bucket %s: %w", s.bucket, err)
	}
	return nil
}

// Put implements Store. It compares the number of bytes it sent with the size the server reports afterwards; when that fails, the key may
// already hold the new object.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	m, err := newMeter(ctx, r, size, s.partSize*maxParts)
	if err != nil {
		return Info{}, err
	}
	// No explicit checksum: versitygw 1.8 refuses every one that minio-go sends.
	options := minio.PutObjectOptions{ContentType: cleanContentType(contentType), PartSize: uint64(s.partSize)}
	_, err = s.client.Client.PutObject(ctx, s.bucket, key, m, size, options)
	if cause := m.finish(); cause != nil && (err == nil || !errors.Is(cause, errStopped)) {
		err = cause // why the stream broke says more than that the request did
	}
	if err != nil {
		return Info{}, s.failure("put", key, err)
	}
	info, err := s.Stat(ctx, key)
	if err != nil {
		return Info{}, err
	}
	if info.Size != m.count {
		return Info{}, s.failure("put", key, fmt.Errorf("%w: sent %d bytes, the server has %d", ErrSize, m.count, info.Size))
	}
	info.SHA256 = m.sha256()
	return info, nil
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, key string) (io.ReadCloser, Info, error) {
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	stream, object, _, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, Info{}, s.failure("get", key, err)
	}
	return &body{ReadCloser: stream, ctx: ctx}, describeObject(key, object), nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	object, err := s.client.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, s.failure("stat", key, err)
	}
	return describeObject(key, object), nil
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s.failure("delete", key, s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string, fn func(Info) error) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	options := minio.ListObjectsOptions{Prefix: prefix, Recursive: true}
	for object := range s.client.ListObjectsIter(ctx, s.bucket, options) {
		if object.Err != nil {
			return s.failure("list", prefix, object.Err)
		}
		if err := fn(Info{Key: object.Key, Size: object.Size, Modified: object.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Check implements Store.
func (s *S3) Check(ctx context.Context) error {
	return check(ctx, s)
}

func describeObject(key string, object minio.ObjectInfo) Info {
	return Info{Key: key, Size: object.Size, Modified: object.LastModified, ContentType: object.ContentType}
}

// failure adds what was tried and turns the server's codes into this package's errors.
func (s *S3) failure(what, key string, err error) error {
	if err == nil {
		return nil
	}
	switch response := minio.ToErrorResponse(err); {
	case response.Code == minio.NoSuchKey:
		err = ErrNotFound
	case response.Code == minio.NoSuchBucket:
		err = fmt.Errorf("the bucket %s is missing: %w", s.bucket, err)
	case response.StatusCode == http.StatusInsufficientStorage, response.Code == "QuotaExceeded", response.Code == "XMinioStorageFull":
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	return fmt.Errorf("%s %s: %w", what, key, err)
}
