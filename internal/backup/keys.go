package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

// keyFiles are made in the KeyDir of an installation that names no recipients.
var keyFiles = []string{"first.key", "second.key"}

// recipientsFile lists the public keys beside them.
const recipientsFile = "recipients"

// Keygen writes a new private key with its public key to w, in the form of an
// age key file, and returns the public key.
func Keygen(w io.Writer, now time.Time) (recipient string, err error) {
	k, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	_, err = fmt.Fprintf(w, "# made: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), k.Recipient(), k)
	return k.Recipient().String(), err
}

// recipients returns the public keys of a new backup.
func (s *Service) recipients() ([]age.Recipient, []string, error) {
	names := s.o.Recipients
	if len(names) == 0 {
		if s.o.KeyDir == "" {
			return nil, nil, fmt.Errorf("%w: PAYAID_BACKUP_RECIPIENTS names no keys: make two with `payaid backup keygen`, keep each in another safe place, and put their public keys there", ErrRefused)
		}
		var err error
		if names, err = s.ownKeys(); err != nil {
			return nil, nil, err
		}
	}
	var out []age.Recipient
	for _, name := range names {
		r, err := age.ParseX25519Recipient(name)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: PAYAID_BACKUP_RECIPIENTS: %.80q is no public key of `payaid backup keygen` (age1…)", ErrRefused, name)
		}
		out = append(out, r)
	}
	distinct := slices.Clone(names)
	slices.Sort(distinct)
	if n := len(slices.Compact(distinct)); n < MinRecipients {
		return nil, nil, fmt.Errorf("%w: PAYAID_BACKUP_RECIPIENTS names %d key, %d are needed so that the loss of one loses nothing: make another with `payaid backup keygen`", ErrRefused, n, MinRecipients)
	}
	return out, names, nil
}

// ownKeys returns the public keys of KeyDir. Both pairs are made on first use;
// afterwards only the list of public keys is needed, so that the private ones can
// be taken away.
func (s *Service) ownKeys() ([]string, error) {
	list := filepath.Join(s.o.KeyDir, recipientsFile)
	data, err := os.ReadFile(list)
	if err == nil {
		return strings.Fields(string(data)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keys of the backups: %w", err)
	}
	if err := os.MkdirAll(s.o.KeyDir, 0o700); err != nil {
		return nil, fmt.Errorf("keys of the backups: %w", err)
	}
	var names []string
	for _, file := range keyFiles {
		path := filepath.Join(s.o.KeyDir, file)
		if err := publish(path, func(w io.Writer) error { _, err := Keygen(w, s.now()); return err }); err != nil {
			return nil, fmt.Errorf("keys of the backups: %w", err)
		}
		ids, err := readIdentities(path)
		if err != nil {
			return nil, err
		}
		names = append(names, ids[0].Recipient().String())
	}
	if err := publish(list, func(w io.Writer) error { _, err := fmt.Fprintln(w, strings.Join(names, "\n")); return err }); err != nil {
		return nil, fmt.Errorf("keys of the backups: %w", err)
	}
	s.o.Progress("made two keys in " + s.o.KeyDir + ": copy them, and the installation's secret key, to a safe place outside this machine now; " +
		"without one of the keys no backup can be opened")
	return names, nil
}

// madeKeys are the public keys of KeyDir, nil where none were made yet.
func (s *Service) madeKeys() []string {
	if s.o.KeyDir == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.o.KeyDir, recipientsFile))
	if err != nil {
		return nil
	}
	return strings.Fields(string(data))
}

// publish writes a file that appears whole or not at all. One that exists stays:
// another process was faster.
func publish(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its name by then, or is of no use
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// identities are the private keys at hand.
func (s *Service) identities() ([]*age.X25519Identity, error) {
	if s.o.Identities != "" {
		return parseIdentities("PAYAID_BACKUP_IDENTITY", strings.NewReader(s.o.Identities))
	}
	var out []*age.X25519Identity
	for _, file := range keyFiles {
		if s.o.KeyDir == "" || len(s.o.Recipients) > 0 {
			break
		}
		ids, err := readIdentities(filepath.Join(s.o.KeyDir, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken to a safe place, as it should be
		}
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

// identitiesFor returns the keys at hand that open b, or ErrWrongKey.
func (s *Service) identitiesFor(b Backup) ([]age.Identity, error) {
	all, err := s.identities()
	if err != nil {
		return nil, err
	}
	var fit []age.Identity
	for _, k := range all {
		if slices.Contains(b.Recipients, k.Recipient().String()) {
			fit = append(fit, k)
		}
	}
	switch {
	case len(fit) > 0:
		return fit, nil
	case len(all) == 0:
		return nil, fmt.Errorf("%w: name a file with the private key of one of %s in PAYAID_BACKUP_IDENTITY_FILE or --identity", ErrWrongKey, strings.Join(b.Recipients, ", "))
	}
	return nil, fmt.Errorf("%w: the key at hand belongs to %s, but the backup was made for %s", ErrWrongKey, all[0].Recipient(), strings.Join(b.Recipients, ", "))
}

func readIdentities(path string) ([]*age.X25519Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key of the backups: %w", err)
	}
	defer func() { _ = f.Close() }()
	return parseIdentities(path, f)
}

func parseIdentities(where string, r io.Reader) ([]*age.X25519Identity, error) {
	ids, err := age.ParseIdentities(r)
	if err != nil {
		return nil, fmt.Errorf("%s holds no private key of `payaid backup keygen`: %w", where, err)
	}
	var out []*age.X25519Identity
	for _, id := range ids {
		k, ok := id.(*age.X25519Identity)
		if !ok {
			return nil, fmt.Errorf("%s holds a key of another kind than `payaid backup keygen` makes", where)
		}
		out = append(out, k)
	}
	return out, nil
}
