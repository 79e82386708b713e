package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/change"
)

// What a session stands for (Member) is not kept in the cache. It could be, as long as
// every write that ends a session or changes a right goes through change.Do. But these
// rows decide who may come in: an administrator who disables somebody with SQL in an
// emergency has to be obeyed at once, a person belongs to several tenants, whose tags
// lie in different slots of a Redis Cluster, and the query costs one round trip by
// primary keys, as the look-up in the cache would. What an API key stands for (Key) is
// kept, for seconds: programs ask far more often, a key belongs to one tenant, and three
// writes of this package alone change it.

const (
	// TagPeople makes old what shows who works in a tenant: names, roles, teams.
	TagPeople = entityPerson + ":list"

	tagKeyList = entityKey + ":list"
	tagTenant  = "tenant" // as the area tenant names it: its name, status and time zone
)

func tagMember(id uuid.UUID) string { return entityPerson + ":" + id.String() }

// TagEverywhere names the tags of a person in every tenant that they belong to: a
// write to the account itself, unlike one to a membership, concerns them all.
func TagEverywhere(ctx context.Context, tx *change.Tx, user uuid.UUID) error {
	homes, err := tx.Q.ListMembershipsOfUser(ctx, user)
	if err != nil {
		return fmt.Errorf("list memberships: %w", err)
	}
	for _, h := range homes {
		tx.TagIn(h.TenantID, tagMember(user), TagPeople)
	}
	return nil
}
