package auth

import "github.com/google/uuid"

// The cache tags of this area. What depends on who is in which team depends on the
// member list.
const (
	tagMemberList = "member:list"
	tagKeyList    = "api_key:list"
)

func tagMember(id uuid.UUID) string { return "member:" + id.String() }
