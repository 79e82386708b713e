package platform

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/change"
	"payaid/internal/mail"
)

// BackupJob returns one job of the backups.
func (s *Service) BackupJob(ctx context.Context, p auth.Principal, id uuid.UUID) (backup.Job, error) {
	d, err := s.desk(p)
	if err != nil {
		return backup.Job{}, err
	}
	j, err := d.Job(ctx, id)
	return j, explainBackup(err)
}

// BackupEvents lists the steps of a job after the one with the id after, at most
// limit: the newest where there are more.
func (s *Service) BackupEvents(ctx context.Context, p auth.Principal, job uuid.UUID, after int64, limit int) ([]backup.Event, error) {
	d, err := s.desk(p)
	if err != nil {
		return nil, err
	}
	if _, err := d.Job(ctx, job); err != nil {
		return nil, explainBackup(err)
	}
	events, err := d.Events(ctx, job, after, limit)
	return events, explainBackup(err)
}

// BackupJobPage is one page of the history, newest first.
type BackupJobPage struct {
	Jobs []backup.Job
	Next string // cursor of the page after, "" on the last
}

// BackupJobs lists one page of jobs. cursor comes from BackupJobPage.
func (s *Service) BackupJobs(ctx context.Context, p auth.Principal, cursor string) (BackupJobPage, error) {
	d, err := s.desk(p)
	if err != nil {
		return BackupJobPage{}, err
	}
	before := uuid.Max
	if cursor != "" {
		if before, err = uuid.Parse(cursor); err != nil {
			return BackupJobPage{}, apperr.New(apperr.Validation, "This page of the list does not exist. Start again from the first page.")
		}
	}
	jobs, err := d.Jobs(ctx, before, backupPage+1)
	page := BackupJobPage{Jobs: jobs}
	if len(jobs) > backupPage {
		page.Jobs = jobs[:backupPage]
		page.Next = page.Jobs[backupPage-1].ID.String()
	}
	return page, explainBackup(err)
}

// BackupSettings returns the settings that hold now.
func (s *Service) BackupSettings(ctx context.Context, p auth.Principal) (BackupSettings, error) {
	d, err := s.desk(p)
	if err != nil {
		return BackupSettings{}, err
	}
	var out BackupSettings
	out.Now, out.Environment, out.Chosen, err = d.Settings(ctx)
	return out, explainBackup(err)
}

// BackupSettingsInput is a change of the settings, as it is typed.
type BackupSettingsInput struct {
	On        bool
	Time      string // "02:00"
	Zone      string // "Asia/Kolkata"
	Retention string // days
}

func (in BackupSettingsInput) settings() (backup.Settings, error) {
	var f apperr.Fields
	var out backup.Settings
	if in.On {
		var err error
		if _, err = backup.ParseSchedule(strings.TrimSpace(in.Time) + " UTC"); err != nil {
			f.Add("time", "Give a time of day, such as 02:00.")
		}
		if _, err = backup.ParseSchedule("00:00 " + strings.TrimSpace(in.Zone)); err != nil {
			f.Add("zone", "Give a time zone, such as Asia/Kolkata.")
		}
		if f.Err() == nil {
			out.Schedule, _ = backup.ParseSchedule(strings.TrimSpace(in.Time) + " " + strings.TrimSpace(in.Zone)) // both halves were read
		}
	}
	days, err := strconv.Atoi(strings.TrimSpace(in.Retention))
	f.Check(err == nil && days >= 1 && days <= backup.MaxRetentionDays, "retention", "Give a number of days from 1 to "+strconv.Itoa(backup.MaxRetentionDays)+".")
	out.RetentionDays = days
	return out, f.Err()
}

// ChangeBackupSettings puts settings in place of the environment's.
func (s *Service) ChangeBackupSettings(ctx context.Context, p auth.Principal, in BackupSettingsInput) error {
	d, err := s.desk(p)
	if err != nil {
		return err
	}
	to, err := in.settings()
	if err != nil {
		return err
	}
	after := map[string]any{"schedule": to.Schedule.String(), "retentionDays": to.RetentionDays}
	_, err = s.act(ctx, p, "backup.settings", uuid.Nil, after, func(ctx context.Context) (uuid.UUID, error) { return uuid.Nil, d.Choose(ctx, to, p.Name) })
	return err
}

// ResetBackupSettings lets the environment's settings hold again.
func (s *Service) ResetBackupSettings(ctx context.Context, p auth.Principal) error {
	d, err := s.desk(p)
	if err != nil {
		return err
	}
	_, err = s.act(ctx, p, "backup.settings_reset", uuid.Nil, nil, func(ctx context.Context) (uuid.UUID, error) { return uuid.Nil, d.Unchoose(ctx) })
	return err
}

// BackupAlarms are what is wrong with the backups, for a banner. It is at most half
// a minute old.
func (s *Service) BackupAlarms(ctx context.Context, p auth.Principal) ([]backup.Wrong, error) {
	d, err := s.desk(p)
	if err != nil {
		return nil, err
	}
	h, err := d.RecentHealth(ctx)
	return h.Wrong, explainBackup(err)
}

// WatchBackupsArgs is the periodic job that tells administrators what is wrong with
// the backups.
type WatchBackupsArgs struct{}

// Kind names the job.
func (WatchBackupsArgs) Kind() string { return "backup.watch" }

// AlarmLetter writes the mail that tells an administrator what is wrong.
type AlarmLetter func(to, name string, w backup.Wrong) (mail.Message, error)

// WatchBackups works WatchBackupsArgs: every platform administrator gets one mail
// for each thing that goes wrong.
func (s *Service) WatchBackups(ctx context.Context, letter AlarmLetter) error {
	return s.backups.Watch(ctx, func(ctx context.Context, w backup.Wrong) error {
		_, err := change.Do(ctx, s.write, change.Actor{Kind: change.ActorSystem, Name: "PayAid"}, "backup.alarm", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
			admins, err := tx.Q.ListPlatformAdmins(ctx)
			if err != nil {
				return struct{}{}, err
			}
			for _, a := range admins {
				m, err := letter(a.Email, a.Name, w)
				if err != nil {
					return struct{}{}, err
				}
				if err := mail.Enqueue(ctx, tx, m); err != nil {
					return struct{}{}, err
				}
			}
			after := map[string]any{"wrong": w.Kind, "says": w.Says}
			return struct{}{}, tx.Record(ctx, change.Event{Action: "backup.alarm", Entity: "backup", After: after, Note: true})
		})
		return err
	})
}
