package activity

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/notify"
)

// NotifyMention is the kind of the notification for somebody who is mentioned.
const NotifyMention = "activity.mentioned"

// mentioned returns the colleagues whose name stands behind an @ in the text, each
// once. Of names that begin alike the longest counts.
func mentioned(text string, colleagues []auth.Colleague) []auth.Colleague {
	byLength := slices.Clone(colleagues)
	slices.SortStableFunc(byLength, func(a, b auth.Colleague) int { return cmp.Compare(len(b.Name), len(a.Name)) })
	var out []auth.Colleague
	rest := strings.ToLower(text)
	for {
		_, after, found := strings.Cut(rest, "@")
		if !found {
			return out
		}
		rest = after
		for _, c := range byLength {
			if !begins(after, strings.ToLower(c.Name)) {
				continue
			}
			if !slices.ContainsFunc(out, func(o auth.Colleague) bool { return o.UserID == c.UserID }) {
				out = append(out, c)
			}
			break
		}
	}
}

// begins reports whether the text begins with the name and not with a longer word.
func begins(text, name string) bool {
	rest, ok := strings.CutPrefix(text, name)
	next, _ := utf8.DecodeRuneInString(rest)
	return ok && name != "" && (rest == "" || !unicode.IsLetter(next) && !unicode.IsDigit(next))
}

// tellMentioned notifies those whom the text mentions and the one before did not,
// but nobody of what they write themselves. Somebody who does not see the record
// cannot be mentioned: the notification would tell them of it.
func (s *Service) tellMentioned(ctx context.Context, tx *change.Tx, p auth.Principal, about Activity, text, before string) error {
	if !strings.Contains(text, "@") {
		return nil
	}
	colleagues, err := s.auth.Colleagues(ctx, p)
	if err != nil {
		return err
	}
	told := mentioned(before, colleagues)
	for _, c := range mentioned(text, colleagues) {
		if c.UserID == p.UserID || slices.ContainsFunc(told, func(o auth.Colleague) bool { return o.UserID == c.UserID }) {
			continue
		}
		if err := s.checkSees(ctx, tx, p.TenantID, c, about); err != nil {
			return err
		}
		name, link := about.Contact, "/activities/"+about.ID.String()
		if about.ContactID == nil {
			name = about.Company
		}
		m := notify.Message{Kind: NotifyMention, Title: p.Name + " mentioned you about " + name + ".", Link: link}
		if err := notify.Tell(ctx, tx.Q, notify.Person{Tenant: p.TenantID, User: c.UserID}, tx.Now, m); err != nil {
			return err
		}
	}
	return nil
}

// checkSees refuses a mention of somebody who does not see the activity.
func (s *Service) checkSees(ctx context.Context, tx *change.Tx, tenant uuid.UUID, c auth.Colleague, about Activity) error {
	var f apperr.Fields
	them, err := s.auth.Member(ctx, tenant, c.UserID, time.Now())
	if err == nil {
		if err = them.Require(auth.ActivitiesRead); err == nil {
			_, err = see(ctx, tx.Q, them, about.ContactID, about.CompanyID)
		}
	}
	switch {
	case apperr.Is(err, apperr.NotFound), apperr.Is(err, apperr.NoPermission), apperr.Is(err, apperr.Unauthorized):
		f.Add("body", c.Name+" may not see this record, so leave out the @ before the name.")
		return f.Err()
	}
	return err
}
