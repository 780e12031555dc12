#ifndef GRIDWATCH_WIDE_H
#define GRIDWATCH_WIDE_H

// Loops over pixels are compiled twice on x86-64: for every processor, and for those with AVX2, which is chosen when the
// program starts. All arithmetic is in integers, so both give the same bytes.
#if defined(__x86_64__) && defined(__linux__)
#define CV_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define CV_WIDE
#endif

#endif
