// Package blob stores files under keys such as t/<tenant>/imports/<id>.csv, in a directory or on an S3 server, streamed and never
// whole in memory. It knows neither tenants nor rights: the caller makes the keys and keeps name, size and hash in its own row.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	// ErrNotFound means that there is no object under the key.
	ErrNotFound = errors.New("no such object")
	// ErrInvalidKey means that the key is not one this package accepts; see Store.
	ErrInvalidKey = errors.New("not a valid object key")
	// ErrSize means that the stream was longer or shorter than announced, or longer than the store can take.
	ErrSize = errors.New("the size is wrong")
	// ErrFull means that the disk or the quota of the store is full.
	ErrFull = errors.New("the object store is full: free some space and try again")
	// ErrDamaged means that an object was changed or cut short behind the store's back.
	ErrDamaged = errors.New("the stored object is damaged")
)

// Info describes an object.
type Info struct {
	Key         string
	Size        int64     // in bytes
	Modified    time.Time // when it was put
	ContentType string    // filled by Put, Get and Stat
	SHA256      string    // lower-case hex, filled by Put alone
}

// Store keeps objects. A key is 1 to 900 bytes of UTF-8 without control characters and backslashes: names of 1 to 200 bytes, joined by
// single slashes, none beginning with a dot. No key may be a folder of another (a/b beside a/b/c). All methods return ErrInvalidKey for
// any other key, and errors of ctx when it ends.
type Store interface {
	// Put stores what r gives until its end, replacing what the key held before. A size other than -1 must be exactly the number
	// of bytes, else ErrSize. An empty or malformed contentType is kept as application/octet-stream. After an error the key holds
	// what it held before.
	Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (Info, error)
	// Get opens an object, or returns ErrNotFound. ctx must outlive the reading; the caller closes the stream.
	Get(ctx context.Context, key string) (io.ReadCloser, Info, error)
	// Stat describes an object, or returns ErrNotFound.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes an object; that there is none is not an error.
	Delete(ctx context.Context, key string) error
	// List calls fn for every object whose key begins with prefix, in no particular order, until fn returns an error, which List
	// then returns.
	List(ctx context.Context, prefix string, fn func(Info) error) error
	// Check proves that objects can be written and removed.
	Check(ctx context.Context) error
}

const (
	maxKey             = 900
	maxName            = 200
	maxContentType     = 255
	defaultContentType = "application/octet-stream"
)

func checkKey(key string) error {
	if len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, forbidden) {
		return fmt.Errorf("%w: %.100q", ErrInvalidKey, key)
	}
	for name := range strings.SplitSeq(key, "/") {
		if name == "" || len(name) > maxName || name[0] == '.' {
			return fmt.Errorf("%w: %.100q", ErrInvalidKey, key)
		}
	}
	return nil
}

func forbidden(r rune) bool { return r == '\\' || unicode.IsControl(r) }

// checkPrefix accepts every beginning of a valid key.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkKey(strings.TrimSuffix(prefix, "/"))
}

func cleanContentType(contentType string) string {
	if _, _, err := mime.ParseMediaType(contentType); err != nil || len(contentType) > maxContentType {
		return defaultContentType
	}
	return contentType
}
