package cache

import (
	"os"
	"testing"

	"payaid/internal/dbtest"
)

// TestMain also runs the replicas of the history test: processes of their own.
func TestMain(m *testing.M) {
	if spec := os.Getenv(replicaVariable); spec != "" {
		os.Exit(runReplica(spec))
	}
	dbtest.Main(m)
}
