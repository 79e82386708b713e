package backup

import (
	"time"

	"github.com/google/uuid"
)

// The objects of one backup, below its id.
const (
	dumpName     = "db.pgc.zst.age"
	listName     = "objects.jsonl.zst.age"
	manifestName = "manifest.json"
	verifyName   = "verify.json"
	drillName    = "drill.json"
	pinName      = "pin.json"
)

// manifestFormat is raised when an older program could misread a manifest.
const manifestFormat = 1

// Manifest describes one backup. It is signed and never changes.
type Manifest struct {
	Format     int       `json:"format"`
	ID         uuid.UUID `json:"id"`
	Kind       Kind      `json:"kind"`
	StartedAt  time.Time `json:"startedAt"`
	VerifiedAt time.Time `json:"verifiedAt"` // when every stored byte had been read back

	AppVersion string `json:"appVersion"`
	PGDump     string `json:"pgDump"` // version of the program
	Snapshot   Facts  `json:"snapshot"`

	Tables    map[string]Table `json:"tables"`    // by schema.table
	DumpBytes int64            `json:"dumpBytes"` // before compression
	Dump      Part             `json:"dump"`
	Objects   Part             `json:"objects"`
	Files     Files            `json:"files"`

	Recipients []string `json:"recipients"` // public keys that open it
	Warnings   []string `json:"warnings,omitempty"`
}

// Facts are what the database said of itself in the snapshot that was dumped.
type Facts struct {
	At            time.Time         `json:"at"`
	LSN           string            `json:"lsn"`
	Schema        int64             `json:"schema"` // version of the last migration
	ServerVersion int               `json:"serverVersion"`
	DatabaseBytes int64             `json:"databaseBytes"`
	Encoding      string            `json:"encoding"`
	Provider      string            `json:"provider"` // of the collation: c libc, i ICU, b built in
	Collate       string            `json:"collate"`
	CType         string            `json:"ctype"`
	Locale        string            `json:"locale,omitempty"` // of ICU or the built-in provider
	Collation     string            `json:"collationVersion,omitempty"`
	Extensions    map[string]string `json:"extensions"` // version by name
	Rights        string            `json:"rights"`     // digest of grants, policies and row security
}

// Table is how many rows a table has and a digest of them, whatever their order.
type Table struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`
}

// Part is one stored object of a backup.
type Part struct {
	Size   int64  `json:"size"` // in bytes, as stored
	SHA256 string `json:"sha256"`
}

// Files sums up the files that the database refers to.
type Files struct {
	Count     int64 `json:"count"`
	Bytes     int64 `json:"bytes"`
	Missing   int64 `json:"missing"`   // not in the object store
	Different int64 `json:"different"` // of another size than the database says
}

// Proof is the result of the latest verification or drill of a backup.
type Proof struct {
	At      time.Time     `json:"at"`
	OK      bool          `json:"ok"`
	Problem string        `json:"problem,omitempty"`
	Took    time.Duration `json:"took"`              // nanoseconds, the whole proof
	Restore time.Duration `json:"restore,omitempty"` // of it loading the data; drills only
	Rows    int64         `json:"rows,omitempty"`
}

func key(id uuid.UUID, name string) string { return id.String() + "/" + name }
