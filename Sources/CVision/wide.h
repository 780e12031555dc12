#ifndef GRIDWATCH_WIDE_H
#define GRIDWATCH_WIDE_H

// Loops over pixels are compiled twice on x86-64: for every processor, and for those with AVX2, which is chosen when the
// program starts. All arithmetic is in integers, so both give the same bytes.
#if defined(__x86_64__) && defined(__linux__)
#define CV_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define CV_WIDE
#endif

// What such a loop calls must become part of it: a function of its own would be compiled for every processor only.
#define CV_INLINE static inline __attribute__((always_inline))

// Before a loop: how many pixels it takes at once. With numbers of 32 bits among bytes, the compiler would take as many as
// fit a vector as bytes and run out of registers; with bytes alone it sometimes takes none.
#define CV_PRAGMA(text) _Pragma(#text)
#define CV_LANES(count) CV_PRAGMA(clang loop vectorize_width(count) interleave_count(1))

#endif
