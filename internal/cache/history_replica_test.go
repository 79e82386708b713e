package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/change"
	"payaid/internal/kv"
)

// replicaVariable holds, as JSON, what a replica of the history test is to do.
const replicaVariable = "CACHE_HISTORY_REPLICA"

// replicaSpec is what a replica is told.
type replicaSpec struct {
	Database, Redis  string
	Variant          string // "" is the cache as it is; see variants
	Readers, Writers int
	Mortal           bool // kills itself at a random step of a write
	Until            time.Time
	Options          Options
}

// registers are counters in the database: each write adds one, so that the values
// of a register are ordered.
const registers = 10

var historyTenant = uuid.MustParse("6d1c5f0e-90f4-4b39-9f3e-0e6a7c9f8a10")

func registerTags(k int) []string {
	return []string{fmt.Sprintf("reg:%d", k), fmt.Sprintf("group:%d", k%3)}
}

// replica is one process of the history test.
type replica struct {
	replicaSpec
	*Cache
	db    *db.DB
	write *change.Writer
	out   sync.Mutex
}

func runReplica(spec string) int {
	r := &replica{}
	err := json.Unmarshal([]byte(spec), &r.replicaSpec)
	if err == nil {
		err = r.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "replica:", err)
		return 1
	}
	return 0
}

func (r *replica) run() (err error) {
	ctx := context.Background()
	if r.db, err = db.Open(ctx, r.Database, db.Options{MaxConns: 12, AcquireTimeout: 5 * time.Second}); err != nil {
		return err
	}
	defer r.db.Close()
	own, err := db.Open(ctx, r.Database, db.Options{MaxConns: 2, AcquireTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer own.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	r.Options.URL, r.Options.DB, r.Options.Log = r.Redis, own, log
	if r.Cache, err = New(r.Options); err != nil {
		return err
	}
	if r.Variant == anyServer {
		if r.redis, err = kv.Open(r.Redis); err != nil {
			return err
		}
	}
	r.Start(ctx)
	r.write = &change.Writer{DB: r.db, Tags: faulty{r}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	var all sync.WaitGroup
	for range r.Readers {
		all.Go(func() { r.loop(ctx, r.readOne, 2*time.Millisecond) })
	}
	for range r.Writers {
		all.Go(func() { r.loop(ctx, r.writeOne, 100*time.Millisecond) })
	}
	all.Wait()
	r.say("S %s", must(json.Marshal(r.Stats())))
	return r.Close()
}

func (r *replica) loop(ctx context.Context, once func(context.Context, int), pause time.Duration) {
	for time.Now().Before(r.Until) {
		once(ctx, rand.IntN(registers))
		time.Sleep(rand.N(pause))
	}
}

func (r *replica) say(form string, args ...any) {
	r.out.Lock()
	defer r.out.Unlock()
	fmt.Printf(form+"\n", args...)
}

// readOne is a request: it reads one register, or two of them together.
func (r *replica) readOne(ctx context.Context, k int) {
	began, keys := time.Now(), []int{k}
	if rand.IntN(2) == 0 {
		ctx, keys = r.Together(ctx, fmt.Sprint("pair ", k)), append(keys, (k+1)%registers)
	}
	for _, k := range keys {
		if v, err := r.read(ctx, k); err == nil {
			r.say("R %d %d %d %d", k, began.UnixNano(), time.Now().UnixNano(), v)
		}
	}
}

func (r *replica) read(ctx context.Context, k int) (int64, error) {
	if rand.IntN(10) == 0 { // as a replica without a lease reads
		return r.load(ctx, k)
	}
	item := Item{Tenant: historyTenant, Key: fmt.Sprint(k), Tags: registerTags(k), TTL: time.Minute}
	codec := JSON[int64]("1")
	if r.Variant == tokensAfterLoad {
		return r.readLate(ctx, item, codec, k)
	}
	return Remember(ctx, r.Cache, item, codec, func(ctx context.Context) (int64, error) { return r.load(ctx, k) })
}

// readLate is what other caches do: it takes the tokens when it stores.
func (r *replica) readLate(ctx context.Context, item Item, codec Codec[int64], k int) (int64, error) {
	if _, kept := r.look(ctx, item, codec.Encoding); kept.encoded != nil {
		return codec.Decode(kept.encoded)
	}
	v, err := r.load(ctx, k)
	if err != nil {
		return 0, err
	}
	if l, _ := r.look(ctx, item, codec.Encoding); l.keep {
		r.keep(ctx, item, l, codec.Encoding, func() ([]byte, error) { return codec.Encode(v) })
	}
	return v, nil
}

func (r *replica) load(ctx context.Context, k int) (n int64, err error) {
	nap()
	err = r.db.Pool().QueryRow(ctx, "SELECT n FROM registers WHERE id = $1", k).Scan(&n)
	nap()
	return n, err
}

func (r *replica) writeOne(ctx context.Context, k int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	began := time.Now()
	actor := change.Actor{TenantID: historyTenant, Kind: change.ActorSystem, Name: "History"}
	v, err := change.Do(ctx, r.write, actor, "register.add", nil, func(ctx context.Context, tx *change.Tx) (n int64, err error) {
		tx.Tag(registerTags(k)...)
		err = tx.Pgx().QueryRow(ctx, "UPDATE registers SET n = n + 1 WHERE id = $1 RETURNING n", k).Scan(&n)
		return n, err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		return // nobody knows whether it was committed
	}
	r.say("W %d %d %d %d", k, began.UnixNano(), time.Now().UnixNano(), v)
	if rand.IntN(200) == 0 {
		err = r.InvalidateTags(ctx, historyTenant, registerTags(k)...)
	} else if rand.IntN(2000) == 0 {
		err = r.Clear(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clear:", err)
	}
}

// nap lets others get in between at every step.
func nap() { time.Sleep(rand.N(4 * time.Millisecond)) }

// faulty marks and ends as the cache does, with pauses, and with the fault of the
// variant; a mortal one dies in between.
type faulty struct{ r *replica }

// The variants are caches with one part left out. The checker has to find each.
const (
	tokensAfterLoad = "tokens taken when the value is stored"
	noMark          = "no mark before the commit"
	endBeforeCommit = "tags ended before the commit"
	noFence         = "no fence when Redis is away"
	anyServer       = "a server that came back is trusted"
)

func (f faulty) Mark(ctx context.Context, tx pgx.Tx, tenant, writer uuid.UUID, tags []string) (err error) {
	f.maybeDie()
	nap()
	switch f.r.Variant {
	case noMark:
	case endBeforeCommit:
		err = f.r.settle(ctx, tenant, writer, tags)
	case noFence:
		_ = f.r.mark(ctx, tenant, writer, tags)
	default:
		err = f.r.Mark(ctx, tx, tenant, writer, tags)
	}
	nap()
	f.maybeDie()
	return err
}

func (f faulty) End(ctx context.Context, tenant, writer uuid.UUID, tags []string) (err error) {
	f.maybeDie()
	nap()
	switch f.r.Variant {
	case endBeforeCommit:
	case noMark:
		time.Sleep(20 * time.Millisecond) // what this breaks, it breaks between the commit and the end
		err = f.r.End(ctx, tenant, writer, tags)
	case noFence:
		err = f.r.settle(ctx, tenant, writer, tags)
	default:
		err = f.r.End(ctx, tenant, writer, tags)
	}
	nap()
	f.maybeDie()
	return err
}

func (f faulty) maybeDie() {
	if f.r.Mortal && rand.IntN(40) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
