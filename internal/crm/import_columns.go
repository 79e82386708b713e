package crm

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// The fields that exist in files only: they end up in the name and the address.
const (
	fieldName        = "name"        // split at the last space when there is no first and last name
	fieldMiddleName  = "middleName"  // belongs to the first name
	fieldAddressPart = "addressPart" // joined with the others when there is no address in one cell
)

// columnNames lists for each field the names that its column may have, reduced by
// columnKey, the one to prefer first. They are those of PayAid's own export, of
// Google Contacts (old and new), Outlook, HubSpot, and what people write by hand.
var columnNames = map[string][]string{
	"firstName":     {"firstname", "givenname", "forename"},
	fieldMiddleName: {"middlename", "additionalname"},
	"lastName":      {"lastname", "familyname", "surname"},
	fieldName:       {"name", "fullname", "contactname", "displayname", "customername", "contactperson"},
	"email": {
		"email", "emailaddress", "emailid", "mail", "email1value", "email1address", "primaryemail", "workemail",
		"email2value", "email2address", "email3value", "email3address",
	},
	"phone": {
		"phone", "phonenumber", "phoneno", "mobile", "mobilephone", "mobilenumber", "mobileno", "mobilephonenumber", "primaryphone", "phone1value",
		"cell", "cellphone", "contactnumber", "contactno", "whatsapp", "whatsappnumber", "telephone", "businessphone", "workphone", "homephone",
		"phone2value", "businessphone2", "homephone2", "otherphone", "companymainphone",
	},
	"company": {
		"company", "companyname", "organization", "organisation", "organizationname", "organisationname", "organization1name",
		"associatedcompany", "primaryassociatedcompany", "business", "businessname", "firm", "firmname",
	},
	"jobTitle": {"jobtitle", "organizationtitle", "organization1title", "position", "designation"},
	"source":   {"source", "leadsource", "originalsource", "originaltrafficsource"},
	"address":  {"address", "fulladdress", "postaladdress", "address1formatted", "billingaddress", "businessaddress", "mailingaddress", "homeaddress"},
	fieldAddressPart: {
		"street", "streetaddress", "addressline1", "addressline2", "city", "town", "district", "state", "stateregion", "province",
		"pincode", "postalcode", "postcode", "zip", "zipcode", "country", "countryregion",
		"businessstreet", "businesscity", "businessstate", "businesspostalcode", "businesscountryregion", "businesscountry",
	},
	"gstin":        {"gstin", "gstinuin", "gstinno", "gstinnumber", "gst", "gstno", "gstnumber"},
	"notes":        {"notes", "note", "comments", "comment", "remarks", "remark"},
	"tags":         {"tags", "tag", "labels", "label", "categories", "category", "groups", "groupmembership"},
	"stage":        {"stage", "lifecyclestage"},
	"status":       {"status"},
	"warmth":       {"warmth"},
	"leadScore":    {"leadscore", "hubspotscore"},
	"nextFollowUp": {"nextfollowup", "nextfollowupdate", "followup", "followupdate"},
}

// ImportFields are the fields that a column of a file can be mapped to, in the
// order people choose from. addressPart columns are joined into one address.
var ImportFields = []string{
	fieldName, "firstName", fieldMiddleName, "lastName", "email", "phone", "company", "jobTitle", "source", "address", fieldAddressPart,
	"gstin", "notes", "tags", "stage", "status", "warmth", "leadScore", "nextFollowUp",
}

// identityFields are those of which a contact needs one.
var identityFields = []string{fieldName, "firstName", "lastName", "email", "phone"}

// columnKey reduces a column's name to what it means: "E-mail 1 - Value" and
// "email1value" are one.
func columnKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// ImportColumn tells what becomes of one column of a file.
type ImportColumn struct {
	Column string `json:"column"` // its name in the file
	Field  string `json:"field"`  // one of ImportFields, "" when the column is ignored
}

// matchColumns finds the field of each column by its name.
func matchColumns(header []string) []ImportColumn {
	out := make([]ImportColumn, len(header))
	for i, name := range header {
		out[i].Column = name
		for _, field := range ImportFields {
			if slices.Contains(columnNames[field], columnKey(name)) {
				out[i].Field = field
			}
		}
	}
	return out
}

// mapColumns gives the columns the fields that the user chose.
func mapColumns(header []string, mapping map[string]string) []ImportColumn {
	out := make([]ImportColumn, len(header))
	for i, name := range header {
		out[i] = ImportColumn{Column: name, Field: mapping[name]}
	}
	return out
}

// identifies reports whether rows with these columns can be contacts.
func identifies(columns []ImportColumn) bool {
	return slices.ContainsFunc(columns, func(c ImportColumn) bool { return slices.Contains(identityFields, c.Field) })
}

// fieldColumns are the columns of one field, the one to prefer first.
type fieldColumns struct {
	field   string
	columns []int
}

func columnsByField(columns []ImportColumn) []fieldColumns {
	var out []fieldColumns
	for _, field := range ImportFields {
		f := fieldColumns{field: field}
		for i, c := range columns {
			if c.Field == field {
				f.columns = append(f.columns, i)
			}
		}
		if field != fieldAddressPart { // a street comes before its city, as in the file
			slices.SortStableFunc(f.columns, func(a, b int) int {
				return cmp.Compare(preference(field, columns[a].Column), preference(field, columns[b].Column))
			})
		}
		if f.columns != nil {
			out = append(out, f)
		}
	}
	return out
}

// preference is the place of a column's name among those of the field; names that
// only the user mapped come first.
func preference(field, column string) int {
	return slices.Index(columnNames[field], columnKey(column))
}
