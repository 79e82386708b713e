package backup

import (
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"
)

// sealer is how the archive compresses, encrypts and signs: as a backup.
type sealer struct{ s *Service }

// Seal implements walarchive.Sealer.
func (x sealer) Seal(name string, v any) ([]byte, error) { return x.s.signer.seal(uuid.Nil, name, v) }

// Open implements walarchive.Sealer.
func (x sealer) Open(name string, data []byte, v any) error {
	return x.s.signer.open(uuid.Nil, name, data, v)
}

// Encode implements walarchive.Sealer.
func (x sealer) Encode(w io.Writer, produce func(io.Writer) error) error {
	to, _, err := x.s.recipients()
	if err != nil {
		return err
	}
	return encode(w, to, produce)
}

// Decode implements walarchive.Sealer.
func (x sealer) Decode(r io.Reader, consume func(io.Reader) error) error {
	own, err := x.s.identities()
	if err != nil {
		return err
	}
	keys := make([]age.Identity, len(own))
	for i, k := range own {
		keys[i] = k
	}
	ar, err := age.Decrypt(r, keys...)
	if err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	zr, err := zstd.NewReader(ar, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	defer zr.Close()
	if err := consume(zr); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, zr)
	return err
}

// Recipients implements walarchive.Sealer.
func (x sealer) Recipients() ([]string, error) {
	_, names, err := x.s.recipients()
	return names, err
}

// Opens implements walarchive.Sealer.
func (x sealer) Opens(recipients []string) error {
	_, err := x.s.identitiesFor(Backup{Manifest: Manifest{Recipients: recipients}})
	return err
}
