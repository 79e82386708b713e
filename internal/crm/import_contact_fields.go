package crm

// The fields that exist in files only: they end up in the name and the address.
const (
	fieldName        = "name"        // split at the last space when there is no first and last name
	fieldMiddleName  = "middleName"  // belongs to the first name
	fieldAddressPart = "addressPart" // joined with the others when there is no address in one cell
)

// fields implements importEntity. The names of columns are those of PayAid's own
// export, of Google Contacts, Outlook and HubSpot, of now and of earlier years, and
// what people write by hand.
func (contactImports) fields() []ImportField {
	return []ImportField{
		{Name: fieldName, Label: "Name", identity: true, columns: []string{"name", "fullname", "contactname", "displayname", "customername", "contactperson", "fileas"}},
		{Name: "firstName", Label: "First name", identity: true, columns: []string{"firstname", "givenname", "forename"}},
		{Name: fieldMiddleName, Label: "Middle name", columns: []string{"middlename", "additionalname"}},
		{Name: "lastName", Label: "Last name", identity: true, columns: []string{"lastname", "familyname", "surname"}},
		{Name: "email", Label: "E-mail", identity: true, single: true, columns: []string{
			"email", "emailaddress", "emailid", "mail", "email1value", "email1address", "primaryemail", "workemail",
			"email2", "email2value", "email2address", "email3", "email3value", "email3address", "additionalemailaddresses",
		}},
		{Name: "phone", Label: "Phone", identity: true, single: true, columns: []string{
			"phone", "phonenumber", "phoneno", "mobile", "mobilephone", "mobilenumber", "mobileno", "mobilephonenumber", "primaryphone", "phone1value",
			"cell", "cellphone", "contactnumber", "contactno", "whatsapp", "whatsappnumber", "whatsappphonenumber", "telephone", "businessphone", "workphone",
			"homephone", "phone2", "phone2value", "businessphone2", "homephone2", "otherphone", "companymainphone", "phone3", "phone3value",
		}},
		{Name: "company", Label: "Company", single: true, columns: []string{
			"company", "companyname", "organization", "organisation", "organizationname", "organisationname", "organization1name",
			"associatedcompany", "primaryassociatedcompany", "business", "businessname", "firm", "firmname",
		}},
		{Name: "jobTitle", Label: "Job title", single: true, columns: []string{"jobtitle", "organizationtitle", "organization1title", "position", "designation"}},
		{Name: "source", Label: "Source", columns: []string{"source", "leadsource", "originalsource", "originaltrafficsource"}},
		{Name: "address", Label: "Address", single: true, columns: []string{
			"address", "fulladdress", "postaladdress", "address1formatted", "billingaddress", "businessaddress", "mailingaddress", "homeaddress",
		}},
		{Name: fieldAddressPart, Label: "Part of the address", joined: true, columns: []string{
			"street", "streetaddress", "addressline1", "addressline2", "city", "town", "district", "state", "stateregion", "province",
			"pincode", "postalcode", "postcode", "zip", "zipcode", "country", "countryregion",
			"businessstreet", "businesscity", "businessstate", "businesspostalcode", "businesscountryregion", "businesscountry",
		}},
		{Name: "gstin", Label: "GSTIN", columns: []string{"gstin", "gstinuin", "gstinno", "gstinnumber", "gst", "gstno", "gstnumber"}},
		{Name: "notes", Label: "Notes", columns: []string{"notes", "note", "comments", "comment", "remarks", "remark"}},
		{Name: "tags", Label: "Tags", columns: []string{"tags", "tag", "labels", "label", "categories", "category", "groups", "groupmembership"}},
		{Name: "stage", Label: "Stage", columns: []string{"stage", "lifecyclestage"}},
		{Name: "status", Label: "Status", columns: []string{"status"}},
		{Name: "warmth", Label: "Warmth", columns: []string{"warmth"}},
		{Name: "leadScore", Label: "Lead score", columns: []string{"leadscore", "hubspotscore"}},
		{Name: "nextFollowUp", Label: "Next follow-up", columns: []string{"nextfollowup", "nextfollowupdate", "followup", "followupdate"}},
	}
}

// hubspotStages are HubSpot's lifecycle stages, reduced by columnKey, in ours.
var hubspotStages = map[string]string{
	"subscriber": "prospect", "lead": "prospect", "marketingqualifiedlead": "prospect", "salesqualifiedlead": "prospect", "other": "prospect",
	"opportunity": "contact", "customer": "customer", "evangelist": "customer",
}
