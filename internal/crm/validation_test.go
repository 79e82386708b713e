package crm_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

func TestFieldsThatAreRefused(t *testing.T) {
	o := newOffice(t)
	long, text := strings.Repeat("न", 201), strings.Repeat("न", 10001)
	var tags []string
	for i := range 51 {
		tags = append(tags, fmt.Sprint("tag", i))
	}
	for name, c := range map[string]struct {
		in     crm.ContactInput
		fields string
	}{
		"nothing":                {crm.ContactInput{Notes: "n", Company: "Tea House"}, "firstName"},
		"blanks only":            {crm.ContactInput{FirstName: " \t\n ", Phone: " "}, "firstName"},
		"long short texts":       {crm.ContactInput{FirstName: long, LastName: long, Company: long, JobTitle: long, Source: long}, "firstName lastName company jobTitle source"},
		"long texts":             {crm.ContactInput{FirstName: "a", Address: text, Notes: text}, "address notes"},
		"NUL":                    {crm.ContactInput{FirstName: "a\x00", Notes: "\x00n", Tags: []string{"\x00"}}, "firstName notes tags"},
		"broken UTF-8":           {crm.ContactInput{LastName: "a\xff", Address: "\xff"}, "lastName address"},
		"an e-mail without @":    {crm.ContactInput{Email: "meera"}, "email"},
		"an e-mail with a name":  {crm.ContactInput{Email: "Meera <m@shop.test>"}, "email"},
		"an e-mail without a .":  {crm.ContactInput{Email: "m@shop"}, "email"},
		"an e-mail with a space": {crm.ContactInput{Email: "m m@shop.test"}, "email"},
		"two e-mails":            {crm.ContactInput{Email: "m@shop.test, n@shop.test"}, "email"},
		"a long e-mail":          {crm.ContactInput{Email: strings.Repeat("m", 250) + "@shop.test"}, "email"},
		"a short phone":          {crm.ContactInput{Phone: "12"}, "phone"},
		"letters for a phone":    {crm.ContactInput{Phone: "call me"}, "phone"},
		"a long phone":           {crm.ContactInput{Phone: "+9198765432109876543"}, "phone"},
		"a wrong check digit":    {crm.ContactInput{FirstName: "a", GSTIN: "27AAPFU0939F1ZW"}, "gstin"},
		"states":                 {crm.ContactInput{FirstName: "a", Stage: "lead", Status: "dead", Warmth: "lukewarm"}, "stage status warmth"},
		"a score below":          {crm.ContactInput{FirstName: "a", LeadScore: -1}, "leadScore"},
		"a score above":          {crm.ContactInput{FirstName: "a", LeadScore: 101}, "leadScore"},
		"many tags":              {crm.ContactInput{FirstName: "a", Tags: tags}, "tags"},
		"a long tag":             {crm.ContactInput{FirstName: "a", Tags: []string{strings.Repeat("न", 51)}}, "tags"},
		"a date that is not":     {crm.ContactInput{FirstName: "a", NextFollowUp: "2026-02-30"}, "nextFollowUp"},
		"a date written our way": {crm.ContactInput{FirstName: "a", NextFollowUp: "30/11/2026"}, "nextFollowUp"},
		"all at once": {crm.ContactInput{FirstName: long, Email: "x", Phone: "x", GSTIN: "x", Stage: "x", LeadScore: 101, NextFollowUp: "x"},
			"firstName email phone gstin stage leadScore nextFollowUp"},
	} {
		_, err := o.CreateContact(context.Background(), o.asha, c.in)
		var fields []string
		for _, d := range apperr.From(err).Details {
			fields = append(fields, d.Field)
		}
		if !apperr.Is(err, apperr.Validation) || !slices.Equal(fields, strings.Fields(c.fields)) {
			t.Errorf("%s: refused %v, want %s (%v)", name, fields, c.fields, err)
		}
	}
	if n := query[int](t, o, "SELECT count(*)::int FROM contacts")[0]; n != 0 {
		t.Errorf("%d contacts were made", n)
	}
}

// Each value is at its limit: what the rules allow, the database takes too.
func TestValuesAtTheirLimit(t *testing.T) {
	o := newOffice(t)
	s, text := strings.Repeat("𝒜", 200), strings.Repeat("न", 10000)
	var tags []string
	for i := range 50 {
		tags = append(tags, strings.Repeat("न", 48)+fmt.Sprintf("%02d", i))
	}
	c := o.add(t, o.asha, crm.ContactInput{
		FirstName: s, LastName: s, Company: s, JobTitle: s, Source: s, Address: text, Notes: text, Tags: tags,
		Email: strings.Repeat("m", 244) + "@shop.test", Phone: "+441234567890", LeadScore: 100, NextFollowUp: "9999-12-31",
	})
	if len(c.Tags) != 50 || c.Company != s || c.Notes != text {
		t.Errorf("cut short: %d tags", len(c.Tags))
	}
	for _, odd := range []crm.ContactInput{
		{FirstName: `O'Neil "the" \ %_;--`}, {FirstName: "👩‍👩‍👧"}, {LastName: "\u00a0x\u00a0"}, {Email: "मीरा@दुकान.test"}, {Email: "o'neil+tag@shop.co.in"}, {Email: "İ@shop.test"},
	} {
		o.add(t, o.asha, odd)
	}
}

func TestPhonesAreStoredInOneForm(t *testing.T) {
	o := newOffice(t)
	for typed, want := range map[string]string{
		"98765 43210": "+919876543210", "098765-43210": "+919876543210", "+91 98765 43210": "+919876543210", "0091 9876543210": "+919876543210",
		"(020) 2612 3456": "+912026123456", "+44 20 7946 0958": "+442079460958", "tel:+91-98765-43210": "+919876543210",
	} {
		if c := o.add(t, o.asha, crm.ContactInput{Phone: typed}); c.Phone != want {
			t.Errorf("%q became %q, want %q", typed, c.Phone, want)
		}
	}
}
