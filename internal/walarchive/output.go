package walarchive

import (
	"bytes"
	"os"
	"strings"
)

// kept is how much of what a program says is kept, in bytes.
const kept = 16 << 10

// programEnv keeps what would change the programs' behaviour behind our back, and our
// own secrets, away from them. Times are in UTC.
func programEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "PGTZ=UTC", "PGAPPNAME=payaid-wal", "PGCONNECT_TIMEOUT=10"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct{ bytes.Buffer }

// Write never fails.
func (l *lastBytes) Write(p []byte) (int, error) {
	l.Buffer.Write(p)
	if extra := l.Len() - kept; extra > 0 {
		l.Next(extra)
	}
	return len(p), nil
}

// words are the last lines, on one.
func (l *lastBytes) words() string {
	return strings.ReplaceAll(strings.TrimSpace(l.String()), "\n", " / ")
}
