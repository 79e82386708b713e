package ui

import (
	"github.com/google/uuid"
	"strings"
)

// NoOwner is the value of an owner's field for nobody.
const NoOwner = "none"

// OwnerValue is the value of an owner's field.
func OwnerValue(id *uuid.UUID) string {
	if id == nil {
		return NoOwner
	}
	return id.String()
}

// FormatPhone writes an Indian number the way people read it, +91 98765 43210. Others stay in E.164.
func FormatPhone(e164 string) string {
	rest, indian := strings.CutPrefix(e164, "+91")
	if !indian || len(rest) != 10 {
		return e164
	}
	return "+91 " + rest[:5] + " " + rest[5:]
}
