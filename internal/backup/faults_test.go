//go:build drill

package backup_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// fault is something that goes wrong, and what must come of it.
type fault struct {
	says, outcome string
	tests         []func(*testing.T)
}

// faults are what a backup or restore must survive. `make drill` tries them all on
// real servers and prints what came of each; the short ones are ordinary tests, too.
var faults = []fault{
	{"pg_dump is killed, fails or is missing", "no backup, nothing left in the store, older ones stay", tests(TestAFailingDumpLeavesNoBackup, TestProgramsOfAnotherVersionAreRefused)},
	{"pg_dump of another major version", "refused before any work, both versions named", tests(TestProgramsOfAnotherVersionAreRefused)},
	{"the role is bound by row level security", "refused before any work; a backup has every row", tests(TestARoleThatMissesRowsIsRefused, TestABackupIsMadeListedReadAndRestored)},
	{"the S3 server dies in an upload, or is full", "failed; the next backup and older ones are whole", tests(drillS3Dies, TestOnS3, TestAFullStoreLeavesNoBackup)},
	{"the process is killed in an upload", "no backup, lock free at once", tests(TestAKilledBackupLeavesNoBackupAndNoLock, TestAKilledWorkerLeavesTheRestToAnother)},
	{"a stored object is cut short or a bit flips", "refused before any work", tests(TestDamageIsFound, TestWhatCannotBeRestoredIsRefusedBeforeAnyWork)},
	{"a wrong key, no key, the second key alone", "refused, refused, restored", tests(TestOnlyItsKeysOpenABackup)},
	{"a forged or edited manifest", "refused", tests(TestAForgedManifestIsNotTrusted)},
	{"a newer schema, an older one, a migration that fails", "refused; migrated; dropped, live data untouched", tests(TestANewerSchemaIsRefused, TestAnOlderSchemaIsMigrated, TestABrokenLoadOrMigrationIsDropped)},
	{"pg_restore is killed at 10 random moments", "live data untouched, copy dropped", tests(drillKilledLoads)},
	{"the disk of the database fills up in a restore", "refused before any work where the disk can be seen; else live data untouched, copy dropped once there is room", tests(drillFullDisk)},
	{"the role has a statement_timeout", "restored all the same", tests(drillStatementTimeout)},
	{"the restoring process is killed in each state", "old data before the swap, new after it; writes go on within the lease", tests(TestARestoreKilledInEachState)},
	{"the same at 10 random moments", "the same", tests(drillKilledRestores)},
	{"a superuser or a prepared transaction in the database", "given up, live data untouched, writes go on", tests(TestASuperuserInTheDatabaseStopsARestore, TestAPreparedTransactionStopsARestore)},
	{"500 writes a second during the swap", "no acknowledged write lost, none into the old database after the new", tests(drillWriters)},
	{"a pool on a standby with sessions from before", "nothing old is read after the switch", tests(TestAPoolOnAStandbyReadsNothingOldAfterTheSwitch)},
	{"a replica that missed the announcement", "not ready, refuses writes", tests(TestAReplicaThatMissedTheAnnouncementRefuses)},
	{"unsent mails, revoked keys, disabled people, sessions, counters", "held, revoked, disabled, ended, never back", tests(TestWhatNeverGoesBackwardsIsCarriedOver, TestARollbackCarriesOverAsWell)},
	{"two restores, or a backup and a migration, at once", "the second is told what is at work", tests(TestOnlyOneRestoreAtATime, TestTwoAtOnce, TestAMigrationAndABackupWaitForEachOther)},
	{"02:00 in a gap or twice, process down at 02:00", "exactly one backup for each date", tests(TestEveryDateHasOneTime, TestTheScheduledBackupIsMadeOnce)},
	{"40 failed nights, then prune", "the three newest verified backups stay", tests(TestFortyFailedNights)},
	{"garbage collection beside an upload and a backup", "no file is missing", tests(TestCollectWaitsForWhoPutsAFile, TestABackupEndsAnOrphan, TestCollectSparesWhatAKeptBackupRefersTo)},
	{"rolled back, or not within a week", "live again; a last backup is made before it is dropped", tests(TestARestoreAndItsRollback, TestAfterAWeekNothingIsRolledBack)},
	{"a drill fails", "not proven, said on every page, nothing forgotten", tests(TestADrillComparesEveryRow, TestAFailedDrillForgetsNothing, TestWhatIsWrongIsToldOnce)},
	{"another version of the collation", "a warning; every index is built anew", tests(TestAnotherCollationIsAWarning)},
	{"the live database cannot be read or backed up", "refused; replaced when asked for without safety", tests(TestABrokenDatabaseIsReplacedWithoutSafety, TestADisasterDoesNotStopARestore)},
	{"somebody stops a restore after its swap", "it is done, and can be rolled back", tests(TestStoppingARestoreAfterTheSwapIsHarmless)},
	{"the process that restores one business is killed", "nothing changed", tests(TestAKilledRestoreOfOneTenantChangesNothing)},
}

func tests(all ...func(*testing.T)) []func(*testing.T) { return all }

// figures are what drills measured, by the name of the fault's test.
var figures = map[string]string{}

// TestFaults tries every fault and writes the table to the file PAYAID_DRILL_TABLE.
func TestFaults(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| what goes wrong | what came of it | took |\n|---|---|---|\n")
	for _, f := range faults {
		begun := time.Now()
		held := t.Run(f.says, func(t *testing.T) {
			for i, test := range f.tests {
				t.Run(fmt.Sprint(i+1), test)
			}
		})
		outcome := f.outcome
		if !held {
			outcome = "**NOT AS IT MUST BE:** " + outcome
		}
		if figure := figures[strings.ReplaceAll(f.says, " ", "_")]; figure != "" {
			outcome += "; " + figure
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", f.says, outcome, time.Since(begun).Round(100*time.Millisecond))
	}
	if name := os.Getenv("PAYAID_DRILL_TABLE"); name != "" {
		if err := os.WriteFile(name, []byte(table.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
	t.Log("\n" + table.String())
}

// measured notes a figure of the fault that t belongs to.
func measured(t *testing.T, format string, args ...any) {
	t.Helper()
	_, name, _ := strings.Cut(t.Name(), "/")
	name, _, _ = strings.Cut(name, "/")
	figures[name] = fmt.Sprintf(format, args...)
}
