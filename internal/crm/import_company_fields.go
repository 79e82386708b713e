package crm

import (
	"strings"

	"payaid/internal/apperr"
	"payaid/internal/gstin"
	"payaid/internal/money"
)

// The fields of companies that exist in files only: they end up in the revenue and
// in the first address.
const (
	fieldRevenue = "annualRevenue" // in rupees; a company has paise
	fieldLines   = "lines"
	fieldCity    = "city"
	fieldState   = "stateCode"
	fieldPIN     = "pin"
	fieldCountry = "country"
	fieldParent  = "parentId"
)

// fields implements importEntity. The names of columns are those of PayAid's own
// export, of HubSpot, Zoho CRM, Zoho Books and Tally, and what people write by hand.
func (companyImports) fields() []ImportField {
	return []ImportField{
		{Name: "name", Label: "Name", identity: true, single: true, columns: []string{
			"name", "companyname", "company", "accountname", "ledgername", "ledger", "partyname", "party", "organization", "organisation", "organizationname",
			"organisationname", "businessname", "firmname", "firm", "customername", "vendorname", "suppliername", "tradename", "legalname", "displayname", "mailingname",
		}},
		{Name: "type", Label: "Type", columns: []string{"type", "companytype", "accounttype", "contacttype", "relationship"}},
		{Name: "industry", Label: "Industry", columns: []string{"industry", "industrytype", "sector"}},
		{Name: "gstin", Label: "GSTIN", columns: []string{
			"gstin", "gstinuin", "gstinno", "gstinnumber", "gst", "gstno", "gstnumber", "gstidentificationnumbergstin", "gstregistrationnumber", "partygstinuin",
		}},
		{Name: "email", Label: "E-mail", single: true, columns: []string{"email", "emailaddress", "emailid", "mail", "companyemail", "billingemail", "emailaddresses"}},
		{Name: "phone", Label: "Phone", single: true, columns: []string{
			"phone", "phonenumber", "phoneno", "companyphone", "telephone", "telephoneno", "contactnumber", "contactno", "mobile", "mobilephone", "mobilenumber", "mobileno",
		}},
		{Name: "website", Label: "Website", single: true, columns: []string{"website", "websiteurl", "web", "url", "companydomainname", "domain"}},
		{Name: "employees", Label: "Employees", columns: []string{"employees", "numberofemployees", "noofemployees", "employeecount", "headcount"}},
		{Name: fieldRevenue, Label: "Annual revenue (₹)", columns: []string{"annualrevenue", "revenue", "turnover", "annualturnover"}},
		{Name: "annualRevenuePaise", Label: "Annual revenue (paise)", columns: []string{"annualrevenuepaise"}},
		{Name: fieldLines, Label: "Address", joined: true, columns: []string{
			"address", "addresses", "fulladdress", "street", "streetaddress", "streetaddress2", "addressline1", "addressline2", "address1", "address2", "address3", "registeredaddress",
			"billingaddress", "billingstreet", "billingstreet2", "billingaddressline1", "billingaddressline2", "mailingaddress",
		}},
		{Name: fieldCity, Label: "City", columns: []string{"city", "town", "billingcity"}},
		{Name: fieldState, Label: "State", columns: []string{"state", "statename", "stateregion", "province", "billingstate", "placeofsupply", "ledstatename"}},
		{Name: fieldPIN, Label: "PIN code", columns: []string{"pin", "pincode", "postalcode", "postcode", "zip", "zipcode", "billingcode", "billingpostalcode", "billingzip", "billingpincode"}},
		{Name: fieldCountry, Label: "Country", columns: []string{"country", "countryregion", "countryname", "billingcountry"}},
		{Name: fieldParent, Label: "Part of", columns: []string{"parent", "parentcompany", "parentaccount", "parentname", "partof", "parentcompanyname"}},
		{Name: "tags", Label: "Tags", columns: []string{"tags", "tag", "labels", "label", "categories", "category"}},
		{Name: "notes", Label: "Notes", columns: []string{"notes", "note", "description", "comments", "comment", "remarks", "remark", "narration"}},
	}
}

// companyKinds are what other programs call a company, reduced by columnKey, in our
// types.
var companyKinds = map[string]string{
	"prospect": "customer", "client": "customer", "customers": "customer", "other": "customer", "sundrydebtors": "customer",
	"reseller": "partner", "distributor": "partner", "dealer": "partner", "integrator": "partner", "vendor": "partner", "supplier": "partner", "sundrycreditors": "partner",
}

// stateCodes are the codes of GST by the name of the state, reduced by columnKey.
var stateCodes = func() map[string]string {
	out := map[string]string{"orissa": "21", "pondicherry": "34", "uttaranchal": "05", "newdelhi": "07", "jammuandkashmir": "01", "dadraandnagarhaveli": "26", "damananddiu": "26"}
	for _, code := range gstin.StateCodes() {
		out[columnKey(gstin.State(code))], out[code] = code, code
	}
	return out
}()

// firstAddress lays what a row says of a place over the first address of a company.
// A state abroad stands in the lines: GST has no code for it.
func firstAddress(v map[string]string, places []Address, bad *apperr.Fields) []Address {
	lines, city, state, pin, country := v[fieldLines], v[fieldCity], v[fieldState], v[fieldPIN], v[fieldCountry]
	if lines+city+state+pin == "" {
		return places
	}
	a := Address{Label: "Billing"}
	if len(places) > 0 {
		a = places[0]
	}
	lay := func(to *string, s string) {
		if s != "" {
			*to = s
		}
	}
	lay(&a.City, city)
	lay(&a.PIN, pin)
	switch code := stateCodes[columnKey(state)]; {
	case country != "" && columnKey(country) != "india" && columnKey(country) != "in":
		lines, a.StateCode = joinNonEmpty(lines, state, country), abroad
	case state != "":
		bad.Check(code != "", fieldState, "GST knows no state of this name.")
		a.StateCode = code
	}
	lay(&a.Lines, lines)
	return append([]Address{a}, places[min(1, len(places)):]...)
}

func joinNonEmpty(parts ...string) string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// paise reads an amount in rupees as people and programs write it.
func paise(text string) (int64, bool) {
	n, ok := money.ParseINR(text)
	return n, ok && n >= 0
}
