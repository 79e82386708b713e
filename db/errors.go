package db

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes this project decides by.
const (
	codeUniqueViolation     = "23505"
	codeForeignKeyViolation = "23503"
	codeCheckViolation      = "23514"
	codeUndefinedTable      = "42P01"
	codeQueryCanceled       = "57014"
	codeAdminShutdown       = "57P01"
	codeCrashShutdown       = "57P02"
	codeCannotConnectNow    = "57P03"
	codeTooManyConnections  = "53300"
	codeDiskFull            = "53100"
	codeLockNotAvailable    = "55P03"
	codeReadOnly            = "25006"
	codeDeadlock            = "40P01"
)

// classDataException begins the codes of values that do not fit their type.
const classDataException = "22"

// Code returns the SQLSTATE in err's chain, or "".
func Code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// IsNoRows reports that a query for one row found none.
func IsNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// ViolatedConstraint returns the name of the constraint or unique index that err
// tells of, or "".
func ViolatedConstraint(err error) string {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	switch e.Code {
	case codeUniqueViolation, codeForeignKeyViolation, codeCheckViolation:
		return e.ConstraintName
	}
	return ""
}

// IsLocked reports that another transaction holds the row, or that the two would
// wait for each other for ever.
func IsLocked(err error) bool {
	c := Code(err)
	return c == codeLockNotAvailable || c == codeDeadlock
}

// IsTimeout reports that the statement, or the caller's time, ran out.
func IsTimeout(err error) bool {
	return Code(err) == codeQueryCanceled || errors.Is(err, context.DeadlineExceeded)
}

// IsDiskFull reports that the database has no room left.
func IsDiskFull(err error) bool { return Code(err) == codeDiskFull }

// IsUnavailable reports that the database cannot answer now: down, starting,
// shutting down, failing over, or out of connections.
func IsUnavailable(err error) bool {
	switch Code(err) {
	case codeAdminShutdown, codeCrashShutdown, codeCannotConnectNow, codeTooManyConnections, codeReadOnly:
		return true
	}
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrGeneration) {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) { // a net.Error too, but it is the caller's time that ran out
		return false
	}
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF)
}
