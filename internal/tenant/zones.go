package tenant

import (
	"strings"
	"time"
)

// Zones lists the time zones to choose from, India's first.
var Zones = []string{
	"Asia/Kolkata",
	"Asia/Colombo", "Asia/Dhaka", "Asia/Kathmandu", "Asia/Karachi", "Asia/Thimphu", "Indian/Maldives", "Asia/Kabul", "Asia/Yangon",
	"Asia/Dubai", "Asia/Muscat", "Asia/Qatar", "Asia/Riyadh", "Asia/Kuwait", "Asia/Bahrain", "Asia/Tehran", "Asia/Jerusalem",
	"Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Bangkok", "Asia/Jakarta", "Asia/Ho_Chi_Minh", "Asia/Manila", "Asia/Hong_Kong",
	"Asia/Shanghai", "Asia/Taipei", "Asia/Seoul", "Asia/Tokyo", "Asia/Tashkent", "Asia/Almaty",
	"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Indian/Mauritius",
	"Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Amsterdam", "Europe/Berlin", "Europe/Madrid", "Europe/Paris", "Europe/Rome",
	"Europe/Zurich", "Europe/Stockholm", "Europe/Athens", "Europe/Istanbul", "Europe/Moscow",
	"America/St_Johns", "America/Halifax", "America/New_York", "America/Toronto", "America/Chicago", "America/Denver", "America/Phoenix",
	"America/Los_Angeles", "America/Vancouver", "America/Anchorage", "Pacific/Honolulu", "America/Mexico_City", "America/Bogota",
	"America/Sao_Paulo", "America/Argentina/Buenos_Aires",
	"Australia/Perth", "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland", "Pacific/Fiji",
	"UTC",
}

// validZone accepts every name of the IANA database, not the machine's own zone
// and no abbreviation, which would mean another time in summer.
func validZone(name string) bool {
	if name != "UTC" && !strings.Contains(name, "/") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
