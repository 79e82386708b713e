package settings

import (
	"strconv"
	"strings"
	"time"

	"payaid/internal/tenant"
	"payaid/views/ui"
)

// BusinessForm is the business as it was typed; Current is what somebody else saved meanwhile, nil when nobody did.
type BusinessForm struct {
	Values  tenant.BusinessInput
	Version int64
	Current *tenant.Business
	Logo    string // its address; "" for none
	MayEnd  bool   // the viewer may hand the business over or close it
	Errors  []ui.FieldError
	CSRF    string
}

func (f BusinessForm) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: "Business", Text: "What stands on documents, and when days and years begin.", Action: "/settings/business", Cancel: "/settings/business",
		Submit: "Save", CSRF: f.CSRF, Errors: without(f.Errors, "logo"),
	}
}

func (f BusinessForm) field(name, label, value string) ui.FieldProps {
	return field(f.Errors, name, label, value)
}

func (f BusinessForm) differences() []ui.Difference {
	mine, now := f.Values, f.Current.Input()
	return ui.Differing(
		[3]string{"Name", mine.Name, now.Name}, [3]string{"Legal name", mine.LegalName, now.LegalName}, [3]string{"GSTIN", mine.GSTIN, now.GSTIN},
		[3]string{"Address", mine.AddressLine1, now.AddressLine1}, [3]string{"Second line", mine.AddressLine2, now.AddressLine2},
		[3]string{"City", mine.City, now.City}, [3]string{"PIN code", mine.PIN, now.PIN},
		[3]string{"State", stateLabel(mine.StateCode), stateLabel(now.StateCode)}, [3]string{"Phone", mine.Phone, now.Phone},
		[3]string{"E-mail", mine.Email, now.Email}, [3]string{"Time zone", mine.TimeZone, now.TimeZone},
		[3]string{"Financial year begins in", time.Month(mine.FiscalMonth).String(), time.Month(now.FiscalMonth).String()},
	)
}

func stateLabel(code string) string {
	for _, s := range tenant.States() {
		if s.Code == code {
			return s.Name + " (" + s.Code + ")"
		}
	}
	return code
}

func stateOptions() []ui.Option {
	out := []ui.Option{{Label: "Not chosen"}}
	for _, s := range tenant.States() {
		out = append(out, ui.Option{Value: s.Code, Label: stateLabel(s.Code)})
	}
	return out
}

// zoneOptions lists the usual zones and, where it is another, the chosen one.
func zoneOptions(chosen string) []ui.Option {
	var out []ui.Option
	known := chosen == ""
	for _, z := range tenant.Zones {
		out = append(out, ui.Option{Value: z, Label: zoneLabel(z)})
		known = known || z == chosen
	}
	if !known {
		out = append(out, ui.Option{Value: chosen, Label: zoneLabel(chosen)})
	}
	return out
}

func zoneLabel(name string) string {
	if name == "Asia/Kolkata" {
		return "India (Kolkata)"
	}
	area, place, found := strings.Cut(name, "/")
	if !found {
		return name
	}
	return strings.ReplaceAll(place, "_", " ") + " (" + area + ")"
}

// monthOptions lists the months, beginning with the one in which India's financial year does.
func monthOptions() []ui.Option {
	out := make([]ui.Option, 12)
	for i := range out {
		m := (int(time.April)-1+i)%12 + 1
		out[i] = ui.Option{Value: strconv.Itoa(m), Label: time.Month(m).String()}
	}
	return out
}

// EndingForm is what the page shows on which an owner hands the business over or closes it. Closing says which of the two was
// refused.
type EndingForm struct {
	Name        string // of the business, to be typed
	Typed       string
	SuccessorID string
	Successors  []ui.Option
	Closing     bool
	RateLimited string // how long to wait, such as "2 minutes"; "" while more tries are allowed
	Errors      []ui.FieldError
	CSRF        string
}

// of returns the errors of one of the two forms, whose fields differ by their prefix.
func (f EndingForm) of(closing bool) []ui.FieldError {
	if f.Closing != closing {
		return nil
	}
	out := make([]ui.FieldError, len(f.Errors))
	for i, e := range f.Errors {
		out[i] = ui.FieldError{Field: e.Field, Message: e.Message}
		if e.Field != "" {
			out[i].Field = prefix(closing) + e.Field
		}
	}
	return out
}

func prefix(closing bool) string {
	if closing {
		return "close-"
	}
	return "hand-"
}

// confirm describes a field that both forms have.
func (f EndingForm) confirm(closing bool, name, label string) ui.FieldProps {
	out := field(f.of(closing), prefix(closing)+name, label, "")
	out.ID, out.Name, out.Required = prefix(closing)+name, name, true
	switch name {
	case "password":
		out.Type, out.Autocomplete = "password", "current-password"
	case "name":
		out.Hint = "Type: " + f.Name
		if f.Closing == closing {
			out.Value = f.Typed
		}
	case "successorId":
		out.Value = f.SuccessorID
	}
	return out
}
