/* The pool: helpers spin shortly for the next job, then sleep.

   A job is one function and a number of pieces; whoever is there takes the next piece from a common
   counter. The caller takes part and is never kept waiting by a helper that did not come: when the
   pieces are gone it closes the job and waits only for those who are at work. A helper first says
   that it is there (`at_work`) and then looks whether the job is open; the caller first closes it and
   then looks who is there. So nobody begins unseen, and `job` never changes under a helper's hands.

   One job at a time has helpers. Calls from other threads meanwhile, and calls from within a piece,
   do their pieces by themselves. A forked child has no helpers and starts its own when first needed.
   Helpers know nothing of Python and end with the process. */
#include "threads.h"
#include "tuning.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64, KEPT_BLOCKS = 8, ALIGNMENT = 64 }; /* places there are; bytes of a line of the cache */

/* Looks for the next job before sleeping, and at those still at work before the processor is left to them. */
enum { SPINS = TUNED_SPINS, YIELD_AFTER = 2 * SPINS };
/* Multiplications below which a second thread costs more than it brings: where it is awake and waits for work, and where
   it is to be woken or started, which takes several times as long. The pieces are the same in any case. */
static const double WORTHWHILE = TUNED_NATIVE_WORTHWHILE, WAKING = 8.0 * TUNED_NATIVE_WORTHWHILE;
/* A larger block of scratch memory, of which few would fit, is given back to the system after its use; all are where a
   sanitizer watches. */
#if defined(__SANITIZE_ADDRESS__)
static const size_t KEPT_BYTES = 0;
#else
static const size_t KEPT_BYTES = (size_t)TUNED_POOL_BYTES / 4;
#endif

/* ---- what differs between systems ---------------------------------------------------------- */

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <malloc.h>
typedef SRWLOCK Mutex;
typedef CONDITION_VARIABLE Condition;
#define MUTEX_INIT SRWLOCK_INIT
#define CONDITION_INIT CONDITION_VARIABLE_INIT
static void lock(Mutex *m) { AcquireSRWLockExclusive(m); }
static int try_lock(Mutex *m) { return TryAcquireSRWLockExclusive(m); }
static void unlock(Mutex *m) { ReleaseSRWLockExclusive(m); }
static void sleep_on(Condition *c, Mutex *m) { SleepConditionVariableSRW(c, m, INFINITE, 0); }
static void wake_all(Condition *c) { WakeAllConditionVariable(c); }
static void yield_processor(void) { SwitchToThread(); }
static void *allocate(size_t bytes) { return _aligned_malloc(bytes, ALIGNMENT); }
static void release(void *p) { _aligned_free(p); }
static void helper(int me);
static DWORD WINAPI thread_main(void *me) { helper((int)(intptr_t)me); return 0; }
static int start_thread(int me) {
    HANDLE h = CreateThread(NULL, 0, thread_main, (void *)(intptr_t)me, 0, NULL);
    if (!h) return 0;
    CloseHandle(h);
    return 1;
}
#else
#include <pthread.h>
#include <sched.h>
#include <signal.h>
typedef pthread_mutex_t Mutex;
typedef pthread_cond_t Condition;
#define MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
#define CONDITION_INIT PTHREAD_COND_INITIALIZER
static void lock(Mutex *m) { pthread_mutex_lock(m); }
static int try_lock(Mutex *m) { return pthread_mutex_trylock(m) == 0; }
static void unlock(Mutex *m) { pthread_mutex_unlock(m); }
static void sleep_on(Condition *c, Mutex *m) { pthread_cond_wait(c, m); }
static void wake_all(Condition *c) { pthread_cond_broadcast(c); }
static void yield_processor(void) { sched_yield(); }
static void *allocate(size_t bytes) {
    void *p = NULL;
    return posix_memalign(&p, ALIGNMENT, bytes) ? NULL : p;
}
static void release(void *p) { free(p); }
static void helper(int me);
static void *thread_main(void *me) { helper((int)(intptr_t)me); return NULL; }
static int start_thread(int me) {
    sigset_t all, before;  /* signals are for the threads of the interpreter */
    pthread_t id;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int ok = pthread_create(&id, NULL, thread_main, (void *)(intptr_t)me) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok) pthread_detach(id);
    return ok;
}
#endif

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ---- the job ------------------------------------------------------------------------------- */

static struct {
    Piece f;
    void *context;
    int64_t pieces;
    char *scratch;         /* of all threads, `stride` bytes each */
    size_t stride;
    int helpers;           /* those with a smaller number may take part */
} job;
static atomic_ulong number;  /* of jobs so far */
static _Atomic int64_t next_piece;
static atomic_int at_work, asleep, is_open, count = 1, started;
static unsigned long born[MOST_THREADS];  /* the number of jobs when a helper was started */
static Mutex sleeping = MUTEX_INIT, users = MUTEX_INIT;
static Condition bell = CONDITION_INIT;
static _Thread_local int inside;  /* a piece is being done by this thread */

static void drain(int slot) {
    void *scratch = job.scratch ? job.scratch + (size_t)slot * job.stride : NULL;
    for (int64_t i; (i = atomic_fetch_add(&next_piece, 1)) < job.pieces;) job.f(job.context, i, scratch);
}

static void helper(int me) {
    unsigned long seen = born[me];
    inside = 1;
    for (;;) {
        int looks = 0;
        while (atomic_load(&number) == seen) {
            if (++looks < SPINS) {
                relax();
                continue;
            }
            lock(&sleeping);
            atomic_fetch_add(&asleep, 1);  /* before the look at `number`: so we see it, or are woken */
            while (atomic_load(&number) == seen) sleep_on(&bell, &sleeping);
            atomic_fetch_sub(&asleep, 1);
            unlock(&sleeping);
        }
        seen = atomic_load(&number);
        atomic_fetch_add(&at_work, 1);
        if (atomic_load(&is_open) && me < job.helpers) drain(me + 1);
        atomic_fetch_sub(&at_work, 1);
    }
}

static void alone(Piece f, void *context, int64_t pieces, void *scratch) {
    int before = inside;
    inside = 1;
    for (int64_t i = 0; i < pieces; i++) f(context, i, scratch);
    inside = before;
}

int spread(Piece f, void *context, int64_t pieces, double work, size_t bytes) {
    int most = atomic_load(&count);
    int helpers = (int)(pieces < most ? pieces : most) - 1;
    int awake = atomic_load(&started) >= helpers && !atomic_load(&asleep);
    int shared = helpers > 0 && work >= (awake ? WORTHWHILE : WAKING) && !inside && try_lock(&users);
    if (!shared) helpers = 0;
    if (bytes > SIZE_MAX / (MOST_THREADS + 1) - 2 * 4096) {
        if (shared) unlock(&users);
        return -1;
    }
    /* A page more between them: no two threads write to one line, nor to the same sets of a cache. */
    size_t stride = (bytes + 4095) / 4096 * 4096 + ALIGNMENT;
    char *scratch = NULL;
    if (bytes && !(scratch = scratch_take(stride * (size_t)(helpers + 1)))) {
        if (shared) unlock(&users);
        return -1;
    }
    if (!shared) {
        alone(f, context, pieces, scratch);
    } else {
        while (atomic_load(&started) < helpers) {
            int me = atomic_load(&started);
            born[me] = atomic_load(&number);
            if (!start_thread(me)) break;
            atomic_fetch_add(&started, 1);
        }
        job.f = f, job.context = context, job.pieces = pieces;
        job.scratch = scratch, job.stride = stride, job.helpers = helpers;
        atomic_store(&next_piece, 0);
        atomic_store(&is_open, 1);
        atomic_fetch_add(&number, 1);
        if (atomic_load(&asleep)) {
            lock(&sleeping);
            wake_all(&bell);
            unlock(&sleeping);
        }
        inside = 1;
        drain(0);
        inside = 0;
        atomic_store(&is_open, 0);
        for (int looks = 0; atomic_load(&at_work) > 0; looks++)
            if (looks < YIELD_AFTER) relax();
            else yield_processor();
        unlock(&users);
    }
    scratch_give(scratch);
    return 0;
}

void threads_set(int n) { atomic_store(&count, n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n); }
int threads_get(void) { return atomic_load(&count); }
int threads_started(void) { return atomic_load(&started); }

/* ---- scratch memory ------------------------------------------------------------------------ */

/* Each block begins with its size, in a line of its own. */
static struct { char *block; size_t bytes; } kept[KEPT_BLOCKS];
static Mutex keeping = MUTEX_INIT;

void *scratch_take(size_t bytes) {
    char *block = NULL;
    int best = -1;
    if (bytes > SIZE_MAX - ALIGNMENT) return NULL;
    lock(&keeping);
    for (int i = 0; i < KEPT_BLOCKS; i++)
        if (kept[i].block && kept[i].bytes >= bytes && (best < 0 || kept[i].bytes < kept[best].bytes)) best = i;
    if (best >= 0) block = kept[best].block, kept[best].block = NULL;
    unlock(&keeping);
    if (!block) {
        if (!(block = allocate(bytes + ALIGNMENT))) return NULL;
        memcpy(block, &bytes, sizeof bytes);
    }
    return block + ALIGNMENT;
}

void scratch_give(void *memory) {
    if (!memory) return;
    char *block = (char *)memory - ALIGNMENT;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    if (bytes <= KEPT_BYTES) {
        int at = -1;
        lock(&keeping);
        for (int i = 0; i < KEPT_BLOCKS; i++)  /* a free place, or that of the smallest block */
            if (!kept[i].block) { at = i; break; }
            else if (kept[i].bytes < bytes && (at < 0 || kept[i].bytes < kept[at].bytes)) at = i;
        if (at >= 0) {
            char *out = kept[at].block;
            kept[at].block = block, kept[at].bytes = bytes;
            block = out;
        }
        unlock(&keeping);
    }
    if (block) release(block);
}

size_t scratch_kept(void) {
    size_t sum = 0;
    lock(&keeping);
    for (int i = 0; i < KEPT_BLOCKS; i++) sum += kept[i].block ? kept[i].bytes : 0;
    unlock(&keeping);
    return sum;
}

void scratch_clear(void) {
    lock(&keeping);
    for (int i = 0; i < KEPT_BLOCKS; i++) {
        if (kept[i].block) release(kept[i].block);
        kept[i].block = NULL;
    }
    unlock(&keeping);
}

/* ---- fork ---------------------------------------------------------------------------------- */

#if defined(_WIN32)
int threads_init(void) { return 0; }
#else
static void before_fork(void) { lock(&keeping); }  /* the child's list is whole */
static void after_fork_in_parent(void) { unlock(&keeping); }
static void after_fork_in_child(void) {
    Mutex mutex = MUTEX_INIT;
    Condition condition = CONDITION_INIT;
    keeping = users = sleeping = mutex;
    bell = condition;
    atomic_store(&started, 0), atomic_store(&asleep, 0);
    atomic_store(&at_work, 0), atomic_store(&is_open, 0);
    inside = 0;
}
int threads_init(void) { return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }
#endif
