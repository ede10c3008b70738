/* A small pool of threads, and the scratch memory of its pieces. */
#ifndef GLASS_THREADS_H
#define GLASS_THREADS_H
#include <stddef.h>
#include <stdint.h>

/* One piece of work: `i` counts from 0, `scratch` is memory that no other piece uses meanwhile
   (aligned to 64 bytes, of arbitrary content). */
typedef void (*Piece)(void *context, int64_t i, void *scratch);

/* Calls f(context, i, scratch) for each i < pieces, in any order, on several threads if `work`
   (multiplications, or what takes as long) is worth it. How work is cut into pieces must follow
   from shapes alone: then the bits are the same for any number of threads.
   Returns 0, or -1 if there is no memory for the scratch (and then nothing was called). */
int spread(Piece f, void *context, int64_t pieces, double work, size_t scratch_bytes);

void threads_set(int count);  /* the calling thread among them */
int threads_get(void);
int threads_started(void);    /* helpers that exist in this process */
int threads_init(void);       /* once, before anything else; registers what fork needs */

/* Memory aligned to 64 bytes from a small cache; NULL if there is none. */
void *scratch_take(size_t bytes);
void scratch_give(void *memory);
size_t scratch_kept(void);    /* bytes that wait for their next use */
void scratch_clear(void);     /* gives them back to the system */

#endif
