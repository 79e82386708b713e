package cache

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// In Redis, all of one tenant in one hash slot of a Redis Cluster:
//
//	cache:{<tenant>}:g:<tag>              the tag's token: unique, never a counter; one that begins with ! says that a write is under way
//	cache:{<tenant>}:w:<tag>              sorted set: the writes under way by the Unix milliseconds of their deadline
//	cache:{<tenant>}:born                 when the tenant's keys were first seen, Unix milliseconds: marks of before that are lost
//	cache:{<tenant>}:v:<epoch>:<SHA-256>  a value behind its tokens
const keyPrefix = "cache:{"

// Everything is the tag that every value of a tenant has.
const Everything = "*"

// busy begins the token of a tag whose write is under way.
const busy = "!"

func prefix(tenant uuid.UUID) string { return keyPrefix + tenant.String() + "}:" }

func tokenKey(tenant uuid.UUID, tag string) string { return prefix(tenant) + "g:" + tag }

func intentKey(tenant uuid.UUID, tag string) string { return prefix(tenant) + "w:" + tag }

func bornKey(tenant uuid.UUID) string { return prefix(tenant) + "born" }

func valueKey(tenant, epoch uuid.UUID, key string) string {
	sum := sha256.Sum256([]byte(key))
	return prefix(tenant) + "v:" + epoch.String() + ":" + hex.EncodeToString(sum[:])
}

// tokenKeys are the keys of the tags, in their order.
func tokenKeys(tenant uuid.UUID, tags []string) []string {
	keys := make([]string, len(tags), len(tags)+1) // and room for a value
	for i, tag := range tags {
		keys[i] = tokenKey(tenant, tag)
	}
	return keys
}

// intentKeys are the tenant's born key and, for each tag, its token and its
// writes, as the scripts take them.
func intentKeys(tenant uuid.UUID, tags []string) []string {
	keys := make([]string, 0, 1+2*len(tags))
	keys = append(keys, bornKey(tenant))
	for _, tag := range tags {
		keys = append(keys, tokenKey(tenant, tag), intentKey(tenant, tag))
	}
	return keys
}

// tagsOf is what a value depends on, in one order and each once.
func tagsOf(tags []string) []string {
	all := append(slices.Clone(tags), Everything)
	slices.Sort(all)
	return slices.Compact(all)
}

// newToken never repeats: a counter that was evicted would start again and might
// make an old value current.
func newToken() string { return rand.Text() }

// format is the version of how a value is written behind its header. Another one
// is a miss.
const format = "1"

// seal writes a value behind the tokens it was read under and its encoding.
func seal(tokens []string, encoding string, value []byte) []byte {
	head := format + " " + encoding + " " + strings.Join(tokens, " ") + "\n"
	return append(append(make([]byte, 0, len(head)+len(value)), head...), value...)
}

// unseal returns the value if it was sealed under just these tokens and this
// encoding.
func unseal(sealed, encoding string, tokens []string) (value []byte, ok bool) {
	head, rest, _ := bytes.Cut([]byte(sealed), []byte("\n"))
	if string(head) != format+" "+encoding+" "+strings.Join(tokens, " ") {
		return nil, false
	}
	return rest, true
}
