package mail

import (
	"strings"

	"payaid/internal/backup"
	"payaid/internal/mail"
	"payaid/internal/platform"
)

// BackupAlarm writes the mails about backups that are not well. baseURL is the
// address people use.
func BackupAlarm(baseURL string) platform.AlarmLetter {
	base := strings.TrimSuffix(baseURL, "/")
	return func(to, name string, w backup.Wrong) (mail.Message, error) {
		subject := "PayAid has no recent backup"
		switch w.Kind {
		case backup.WrongNight:
			subject = "The nightly backup of PayAid failed"
		case backup.WrongDrill:
			subject = "A backup of PayAid could not be restored in its drill"
		case backup.WrongArchive:
			subject = "PayAid cannot restore the last minutes"
		}
		return Letter{
			Subject:  subject,
			Preview:  "Older backups are kept. Look at it today.",
			Greeting: "Hello " + name + ",",
			Text:     []string{w.Says, "PayAid works as usual, and nothing was deleted: while something is wrong no backup is forgotten. But what is entered now may be in no backup."},
			Button:   Button{Label: "Look at the backups", Href: base + "/admin/backups"},
			Notes:    []string{"You get this mail once, because you administer this installation. The page says when all is well again."},
		}.Message(to)
	}
}
