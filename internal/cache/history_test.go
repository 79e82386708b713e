package cache

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/dbtest"
	"payaid/internal/servertest"
)

// secondsVariable makes the history longer than the seconds that CI has for it.
const secondsVariable = "CACHE_HISTORY_SECONDS"

// historyOptions are those of production, quicker.
var historyOptions = Options{
	ReadTimeout: 50 * time.Millisecond, WriteTimeout: 150 * time.Millisecond, Lease: 300 * time.Millisecond,
	Deadline: time.Second, Relay: 200 * time.Millisecond, Cooldown: 500 * time.Millisecond,
}

// TestNobodyReadsWhatIsOld runs three replicas that read and write and one writer
// that keeps dying, as processes of their own on real servers, while Redis is
// emptied, frozen, cut off, killed and brought back with old content. It takes half
// a minute; CACHE_HISTORY_SECONDS=600 takes ten, CACHE_HISTORY_LOG=1 shows what the
// replicas say.
func TestNobodyReadsWhatIsOld(t *testing.T) {
	seconds := 26
	if s := os.Getenv(secondsVariable); s != "" {
		seconds = must(strconv.Atoi(s))
	}
	h := newHistory(t, "", time.Duration(seconds)*time.Second)
	h.start(3, 6, 2)
	h.startMortal()
	faults := []func(){h.flush, h.cutOff, h.comeBackOld, h.freeze, h.comeBackEmpty, h.slow}
	h.during(3*time.Second, func(i int) { faults[i%len(faults)]() })
	v, s := h.end()
	t.Logf("%s; %+v; %d writers died", v, s, h.died.Load())
	if v.stale != 0 || v.nonlinear != 0 {
		t.Errorf("old values were read: %s", v)
	}
	if s.Hits < 500 || s.Misses < 100 || s.Stale < 50 || s.Bypasses < 100 || s.Fences == 0 || s.Relayed == 0 || h.died.Load() == 0 || v.writes < 100 {
		t.Errorf("the run was too quiet to prove anything: %s; %+v; %d writers died", v, s, h.died.Load())
	}
}

// TestTheHistoryFindsBrokenCaches leaves out one part of the algorithm at a time.
func TestTheHistoryFindsBrokenCaches(t *testing.T) {
	for variant, c := range map[string]struct {
		writers int // of two replicas; the third has one
		fault   func(*history)
	}{
		tokensAfterLoad: {writers: 2},
		noMark:          {writers: 2},
		endBeforeCommit: {writers: 2},
		noFence:         {writers: 2, fault: (*history).cutOff},
		anyServer:       {fault: (*history).comeBackOld}, // a write while the server is down would fence
	} {
		t.Run(variant, func(t *testing.T) {
			for range 6 { // what is wrong shows by chance
				h := newHistory(t, variant, 3500*time.Millisecond)
				h.start(1, 6, 1)
				h.start(2, 6, c.writers)
				if c.fault != nil {
					h.during(1500*time.Millisecond, func(int) { c.fault(h) })
				}
				v, s := h.end()
				t.Logf("%s; %+v", v, s)
				if v.stale+v.nonlinear > 0 {
					return
				}
			}
			t.Error("no old read was found")
		})
	}
}

// history is one run: replicas, their way to Redis, and what they told.
type history struct {
	t       *testing.T
	db      *dbtest.Database
	redis   *servertest.ControlledRedis
	variant string
	until   time.Time
	ways    []*way
	died    atomic.Int64

	running sync.WaitGroup
	mu      sync.Mutex
	ops     []op
	stats   Stats
}

func newHistory(t *testing.T, variant string, length time.Duration) *history {
	t.Helper()
	h := &history{t: t, db: dbtest.New(t), redis: servertest.NewControlledRedis(t), variant: variant, until: time.Now().Add(length)}
	h.db.OwnerExec(t, "CREATE TABLE registers (id int PRIMARY KEY, n bigint NOT NULL)")
	h.db.OwnerExec(t, "INSERT INTO registers SELECT i, 0 FROM generate_series(0, $1::int - 1) i", registers)
	return h
}

func (h *history) start(replicas, readers, writers int) {
	for range replicas {
		w := newWay(h.t, h.redis.Socket)
		h.ways = append(h.ways, w)
		h.running.Go(func() {
			if err := h.replica(replicaSpec{Redis: w.url, Readers: readers, Writers: writers}); err != nil {
				h.t.Errorf("a replica ended: %v", err)
			}
		})
	}
}

// startMortal runs a writer that dies, and the next one, until the end.
func (h *history) startMortal() {
	h.running.Go(func() {
		for time.Until(h.until) > time.Second {
			if h.replica(replicaSpec{Redis: h.redis.URL, Writers: 2, Mortal: true}) != nil {
				h.died.Add(1)
			}
		}
	})
}

// replica runs one process to its end.
func (h *history) replica(spec replicaSpec) error {
	// The database ends what takes longer than a mark lives, as in production.
	spec.Database = h.db.AppURL + "&statement_timeout=700&idle_in_transaction_session_timeout=700"
	if !strings.Contains(h.db.AppURL, "?") {
		spec.Database = strings.Replace(spec.Database, "&", "?", 1)
	}
	spec.Variant, spec.Until, spec.Options = h.variant, h.until, historyOptions
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), replicaVariable+"="+string(must(json.Marshal(spec))))
	if os.Getenv("CACHE_HISTORY_LOG") != "" {
		cmd.Stderr = os.Stderr
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	h.listen(out)
	return cmd.Wait()
}

func (h *history) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		h.mu.Lock()
		if kind == "S" {
			var s Stats
			if err := json.Unmarshal([]byte(rest), &s); err != nil {
				h.t.Error(err)
			}
			h.stats = h.stats.plus(s)
		} else {
			o := op{write: kind == "W"}
			if _, err := fmt.Sscan(rest, &o.key, &o.began, &o.done, &o.value); err == nil { // a killed writer may leave half a line
				h.ops = append(h.ops, o)
			}
		}
		h.mu.Unlock()
	}
}

// during makes faults until shortly before the end.
func (h *history) during(every time.Duration, fault func(i int)) {
	for i := 0; time.Until(h.until) > every+time.Second; i++ {
		time.Sleep(every)
		fault(i)
	}
}

func (h *history) end() (verdict, Stats) {
	h.running.Wait()
	return judge(h.ops), h.stats
}

func (h *history) flush() { h.ask("FLUSHALL") }

func (h *history) ask(command string) {
	if err := servertest.Client(h.t, h.redis.URL).Do(h.t.Context(), command).Err(); err != nil {
		h.t.Errorf("%s: %v", command, err)
	}
}

func (h *history) freeze() {
	h.redis.Freeze()
	time.Sleep(400 * time.Millisecond)
	h.redis.Thaw()
}

func (h *history) comeBackEmpty() {
	h.redis.Kill()
	h.redis.Forget()
	time.Sleep(300 * time.Millisecond)
	h.redis.Start()
}

func (h *history) comeBackOld() {
	h.ask("SAVE")
	time.Sleep(700 * time.Millisecond)
	h.redis.Kill()
	h.redis.Start()
	h.redis.Forget()
}

// cutOff takes Redis from one replica while the others keep it.
func (h *history) cutOff() {
	w := h.ways[rand.IntN(len(h.ways))]
	w.cut(true)
	time.Sleep(1200 * time.Millisecond)
	w.cut(false)
}

func (h *history) slow() {
	for _, w := range h.ways {
		w.delay.Store(int64(30+rand.IntN(170)) * int64(time.Millisecond))
	}
	time.Sleep(800 * time.Millisecond)
	for _, w := range h.ways {
		w.delay.Store(0)
	}
}

// way is one replica's way to Redis.
type way struct {
	url    string
	target string
	closed atomic.Bool
	delay  atomic.Int64 // nanoseconds before each reply

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newWay(t *testing.T, target string) *way {
	t.Helper()
	dir, err := os.MkdirTemp("", "payaid-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "way.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	w := &way{url: "unix://" + socket, target: target, conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

func (w *way) carry(c net.Conn) {
	defer c.Close()
	if w.closed.Load() {
		return
	}
	up, err := net.Dial("unix", w.target)
	if err != nil {
		return
	}
	defer up.Close()
	w.mu.Lock()
	w.conns[c] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.conns, c)
		w.mu.Unlock()
	}()
	go func() {
		_, _ = io.Copy(up, c)
		_ = up.Close()
	}()
	buf := make([]byte, 16<<10)
	for {
		n, err := up.Read(buf)
		if err != nil {
			return
		}
		if d := w.delay.Load(); d > 0 {
			time.Sleep(time.Duration(d))
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *way) cut(closed bool) {
	w.closed.Store(closed)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close()
	}
}
