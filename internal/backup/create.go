package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"payaid/internal/blob"
)

// Create makes a backup of the given kind and reads it back. It returns ErrBusy
// when another job is running and ErrRefused when something needed is missing.
// After any error there is no new backup.
func (s *Service) Create(ctx context.Context, kind Kind) (Backup, error) {
	j, err := s.begin(ctx, "create", kind)
	if err != nil {
		return Backup{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.create(ctx, j, kind)
	err = ended(ctx, err)
	j.end(ctx, b.ID, err)
	return b, err
}

func (s *Service) create(ctx context.Context, j *job, kind Kind) (_ Backup, err error) {
	p, err := s.prepare(ctx)
	if err != nil {
		return Backup{}, err
	}
	defer func() { _ = p.conn.Close(ctx) }() // the snapshot ends with it
	m := Manifest{
		Format: manifestFormat, ID: uuid.Must(uuid.NewV7()), Kind: kind, StartedAt: s.now(),
		AppVersion: s.o.Version, PGDump: p.dump.version, Recipients: p.names,
	}
	defer func() {
		if err != nil {
			s.discard(ctx, m.ID)
		}
	}()
	if err := j.say(ctx, "checked: pg_dump %s, %d keys, store", p.dump.version, len(p.names)); err != nil {
		return Backup{}, err
	}
	if err := s.fill(ctx, j, p, &m); err != nil {
		return Backup{}, err
	}
	if err := j.say(ctx, "stored %d bytes of the database (%d before compression), reading them back", m.Dump.Size, m.DumpBytes); err != nil {
		return Backup{}, err
	}
	if err := s.verifyParts(ctx, m); err != nil {
		return Backup{}, err
	}
	m.VerifiedAt = s.now()
	// The last step before the manifest, which alone makes it a backup.
	if err := j.say(ctx, "read back: every byte matches"); err != nil {
		return Backup{}, err
	}
	if err := s.write(ctx, m.ID, manifestName, m); err != nil {
		return Backup{}, err
	}
	return Backup{Manifest: m}, nil
}

// fill dumps one snapshot of the database and describes it while pg_dump works.
func (s *Service) fill(ctx context.Context, j *job, p *plan, m *Manifest) error {
	snap, err := takeSnapshot(ctx, p.conn)
	if err != nil {
		return err
	}
	if m.Snapshot, err = readFacts(ctx, snap.tx); err != nil {
		return err
	}
	if !s.asOf.IsZero() {
		m.Snapshot.At = s.asOf
	}
	if err := j.say(ctx, "dumping %d bytes as of %s", m.Snapshot.DatabaseBytes, m.Snapshot.At.Format(time.RFC3339)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dumped := make(chan error, 1)
	go func() {
		err := s.dump(ctx, p, snap.id, m)
		if err != nil {
			cancel(err)
		}
		dumped <- err
	}()
	err = s.describe(ctx, j, p, snap, m)
	if err != nil {
		cancel(err)
	}
	if dumpErr := <-dumped; err == nil || errors.Is(context.Cause(ctx), dumpErr) {
		err = dumpErr // what failed first says why
	}
	if err != nil {
		return err
	}
	if m.Files.Missing > 0 || m.Files.Different > 0 {
		m.Warnings = append(m.Warnings, fmt.Sprintf("of the %d files that the database refers to, %d are missing in the object store and %d have another size", m.Files.Count, m.Files.Missing, m.Files.Different))
	}
	return nil
}

// dump stores what pg_dump writes. It sets Dump, DumpBytes and Warnings of m.
func (s *Service) dump(ctx context.Context, p *plan, snapshot string, m *Manifest) error {
	var warnings []string
	part, size, err := s.store(ctx, m.ID, dumpName, p.recipients, func(ctx context.Context, w io.Writer) (err error) {
		warnings, err = p.dump.run(ctx, s.o.BackupURL, nil, w,
			"--format=custom", "--compress=0", "--snapshot="+snapshot, "--lock-wait-timeout=30s")
		return err
	})
	m.Dump, m.DumpBytes, m.Warnings = part, size, warnings
	return err
}

// describe digests the tables and lists the files of the snapshot. It sets Tables,
// Objects and Files of m.
func (s *Service) describe(ctx context.Context, j *job, p *plan, snap *snapshot, m *Manifest) error {
	var err error
	if m.Tables, err = readTables(ctx, snap.tx); err != nil {
		return err
	}
	m.Objects, _, err = s.store(ctx, m.ID, listName, p.recipients, func(ctx context.Context, w io.Writer) (err error) {
		m.Files, err = s.writeObjects(ctx, j, snap.tx, w)
		return err
	})
	return err
}

func (s *Service) verifyParts(ctx context.Context, m Manifest) error {
	for name, part := range map[string]Part{dumpName: m.Dump, listName: m.Objects} {
		if err := s.verifyPart(ctx, m.ID, name, part); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what a failed backup left. What cannot be removed now is
// removed by Prune.
func (s *Service) discard(ctx context.Context, id uuid.UUID) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	for _, name := range []string{manifestName, dumpName, listName} {
		if err := s.o.Store.Delete(ctx, key(id, name)); err != nil && !errors.Is(err, blob.ErrNotFound) {
			s.o.Log.WarnContext(ctx, "the rest of a failed backup was not removed", "backup", id, "err", err)
		}
	}
}
