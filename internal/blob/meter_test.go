package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestMeterLimit(t *testing.T) {
	for n, want := range map[int]error{0: nil, 9: nil, 10: nil, 11: ErrSize, 100: ErrSize} {
		m, err := newMeter(t.Context(), strings.NewReader(strings.Repeat("x", n)), -1, 10)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(m)
		if !errors.Is(err, want) || !errors.Is(m.finish(), want) || len(got) > 10 {
			t.Errorf("%d bytes of at most 10: read %d, %v, finished with %v, want %v", n, len(got), err, m.finish(), want)
		}
	}
	if _, err := newMeter(t.Context(), strings.NewReader(""), 11, 10); !errors.Is(err, ErrSize) {
		t.Errorf("11 bytes announced of at most 10: %v, want ErrSize", err)
	}
}

func TestMeterLeavesTheSourceAlone(t *testing.T) {
	src := strings.NewReader("abcdef")
	m, err := newMeter(t.Context(), src, 6, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(m, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := m.finish(); !errors.Is(err, errStopped) {
		t.Errorf("finish half-way: %v", err)
	}
	if n, err := m.Read(make([]byte, 3)); n != 0 || !errors.Is(err, errStopped) || src.Len() != 3 {
		t.Errorf("read after finish: %d bytes, %v, %d left in the source", n, err, src.Len())
	}
}

func TestPutErrors(t *testing.T) {
	for cause, want := range map[error]error{
		syscall.ENOSPC: ErrFull, syscall.EDQUOT: ErrFull, syscall.ENOTDIR: ErrInvalidKey, syscall.EISDIR: ErrInvalidKey, syscall.EEXIST: ErrInvalidKey,
	} {
		err := putError("k", fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "k", Err: cause}))
		if !errors.Is(err, want) || !errors.Is(err, cause) {
			t.Errorf("%v became %v, want %v", cause, err, want)
		}
	}
}
