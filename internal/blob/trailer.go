package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
)

// trailerSize is the fixed length of a trailer in bytes, so that the size of an object follows from that of its file.
const trailerSize = 1024

// trailer is what a Dir keeps behind an object's bytes: a line of JSON, padded with spaces.
type trailer struct {
	ContentType string `json:"contentType"`
	SHA256      string `json:"sha256"`
}

func (t trailer) write(w io.Writer) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	line := bytes.Repeat([]byte{' '}, trailerSize)
	line[0], line[trailerSize-1] = '\n', '\n'
	if copy(line[1:trailerSize-1], text) < len(text) {
		return fmt.Errorf("the content type is too long: %d bytes", len(t.ContentType))
	}
	_, err = w.Write(line)
	return err
}

func readTrailer(f io.ReaderAt, fileSize int64) (trailer, error) {
	var t trailer
	if fileSize < trailerSize {
		return t, ErrDamaged
	}
	line := make([]byte, trailerSize)
	if _, err := f.ReadAt(line, fileSize-trailerSize); err != nil {
		return t, err
	}
	if json.Unmarshal(line, &t) != nil || len(t.SHA256) != 2*sha256.Size {
		return t, ErrDamaged
	}
	return t, nil
}

// verifier reads an object's bytes and fails at their end when the hash is another one.
type verifier struct {
	file *os.File
	body io.Reader
	hash hash.Hash
	want string
}

func newVerifier(f *os.File, size int64, want string) *verifier {
	h := sha256.New()
	return &verifier{file: f, body: io.TeeReader(io.NewSectionReader(f, 0, size), h), hash: h, want: want}
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.body.Read(p)
	if err == io.EOF && hex.EncodeToString(v.hash.Sum(nil)) != v.want {
		err = ErrDamaged
	}
	return n, err
}

func (v *verifier) Close() error { return v.file.Close() }
