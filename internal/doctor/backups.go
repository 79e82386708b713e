package doctor

import (
	"context"
	"fmt"
	"time"
)

// maxBackupAge is when a daily backup is overdue.
const maxBackupAge = 30 * time.Hour

// Backup is the newest backup whose bytes were all read back.
type Backup struct {
	Made   time.Time // zero: there is none
	Proven bool      // it was restored in a drill
	Wrong  []string  // what else is wrong with the backups, a sentence each
}

// backups looks at how old the newest one is. That is never Wrong: the application
// runs well without.
func backups(ctx context.Context, p Patient) []Finding {
	const check = "backups"
	if p.NewestBackup == nil {
		return nil
	}
	b, err := p.NewestBackup(ctx)
	if err != nil {
		return []Finding{warn(check, "could not be listed: "+err.Error(), "See that the place of the backups is well.")}
	}
	var found []Finding
	for _, says := range b.Wrong {
		found = append(found, warn(check, says, "Look at /admin/backups and the log of the process that makes backups."))
	}
	if b.Made.IsZero() {
		return append(found, warn(check, "there is none yet", "Run payaid backup create; payaid serve (in production payaid worker) makes one each night."))
	}
	says := fmt.Sprintf("the newest is of %s, read back", b.Made.UTC().Format("2006-01-02 15:04 UTC"))
	if b.Proven {
		says += " and restored in a drill"
	}
	if p.Now().Sub(b.Made) > maxBackupAge {
		return append(found, warn(check, says+": that is too long ago", "Run payaid backup create and see what it says."))
	}
	if len(found) > 0 {
		return found
	}
	return []Finding{ok(check, says)}
}
