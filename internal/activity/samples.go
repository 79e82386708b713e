package activity

import (
	"time"

	"github.com/google/uuid"
)

// samples are what the timelines of sample contacts are made of.
var samples = []Input{
	{Type: Call, Subject: "Asked for prices", Body: "Wants a quotation for 200 pieces, delivery before the festival.", Outcome: "positive", Duration: minutesOf(12)},
	{Type: Email, Subject: "Sent the price list", Body: "With the slab for 500 and more."},
	{Type: Note, Body: "Decides together with the brother; best reached after 4 pm."},
	{Type: WhatsApp, Body: "Photos of the samples sent, both ticks blue.", Outcome: "neutral"},
	{Type: Meeting, Subject: "Visit at the shop", Body: "Showed the new range. The second godown opens in March.", Outcome: "positive", Duration: minutesOf(45)},
	{Type: Call, Subject: "Reminder of the open invoice", Body: "Did not pick up twice.", Outcome: "negative", Duration: minutesOf(1)},
	{Type: SMS, Body: "Lorry number and the driver's phone sent."},
}

func minutesOf(n int) *int { return &n }

// Samples is the timeline of the i-th sample contact, the oldest first, always the
// same for the same day.
func Samples(i int, contact uuid.UUID, now time.Time) []Input {
	out := make([]Input, i%4)
	for n := range out {
		in := samples[(i+n*3)%len(samples)]
		at := now.Add(-time.Duration((len(out)-n)*(i%9+1)) * 26 * time.Hour).Truncate(5 * time.Minute)
		in.OccurredAt, in.ContactID = &at, &contact
		out[n] = in
	}
	return out
}
