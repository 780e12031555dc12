// Downscaling of 8-bit pictures by area averaging, and how colourful a picture is.

#pragma once

#include <stddef.h>
#include <stdint.h>

// Averages the `source_width` x `source_height` picture at `source` (rows `source_stride` bytes apart) down to the
// `width` x `height` picture at `target` (rows `width` bytes apart, no padding).
//
// Every target pixel is the mean of the source area that it covers, border pixels counted by the share that is
// covered, rounded half up. All arithmetic is in integers: the result is the same on every processor.
//
// Needs 1 <= width <= source_width <= 32768, 1 <= height <= source_height <= 32768, source_stride >= source_width.
// Returns 0, or -1 when the sizes break that, or -2 when there is no memory for one row; then nothing was written.
int gw_downscale(const uint8_t *source, size_t source_stride, size_t source_width, size_t source_height,
                 uint8_t *target, size_t width, size_t height);

// Mean distance of a picture's colours from grey, in steps of 1/256: the mean of (|u - 128| + |v - 128|) / 2 times 256,
// over every `every`-th sample of every `every`-th row of the two chroma planes of `width` x `height` samples.
//
// `u` and `v` point at the first sample, rows are `u_stride` and `v_stride` bytes apart, samples of a row
// `sample_step` bytes (1 for planar, 2 for interleaved chroma). Returns 0 when a size or step is 0.
uint32_t gw_saturation(const uint8_t *u, size_t u_stride, const uint8_t *v, size_t v_stride, size_t sample_step,
                       size_t width, size_t height, size_t every);

// Distance of a picture's mean colour from grey, in the same steps over the same samples: (|mean u - 128| +
// |mean v - 128|) / 2 times 256. Never more than the saturation; as much when all colours lean one way.
uint32_t gw_tint(const uint8_t *u, size_t u_stride, const uint8_t *v, size_t v_stride, size_t sample_step, size_t width,
                 size_t height, size_t every);
