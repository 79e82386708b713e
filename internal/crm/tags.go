package crm

import "github.com/google/uuid"

// The cache tags of this area. A list depends on its list tag, a record's page on
// its own.
const (
	tagContactList = "contact:list"
	tagCompanyList = "company:list"
	tagViewList    = "view:list"
	tagTagList     = "tag:list"

	tagDealList     = "deal:list"
	tagPipelineList = "pipeline:list"
)

// What areas above this one show of contacts and companies becomes old with these.
const (
	TagContacts  = tagContactList
	TagCompanies = tagCompanyList
)

func tagContact(id uuid.UUID) string { return "contact:" + id.String() }
