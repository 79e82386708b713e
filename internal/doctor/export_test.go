package doctor

// Looks of Examine.
var (
	Backups    = backups
	MailServer = mailServer
)
