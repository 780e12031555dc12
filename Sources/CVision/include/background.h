#ifndef GRIDWATCH_BACKGROUND_H
#define GRIDWATCH_BACKGROUND_H

#include <stddef.h>
#include <stdint.h>

// The pixel loops of the background model. All planes are `count` bytes, row by row; results are integer-exact.

/// Writes table[src] for each pixel.
void cv_map(const uint8_t *src, const uint8_t table[256], size_t count, uint8_t *dst);

/// Writes the least and the greatest value of each pixel's 3x3 neighbourhood (clipped at the borders).
void cv_range3(const uint8_t *src, size_t width, size_t height, uint8_t *low, uint8_t *high);

/// How far a pixel must leave its background's range to be foreground:
/// floor + level * value / 256 + noise_factor * noise / 64 (noise is in eighths of a grey level).
typedef struct {
    uint16_t floor;
    uint16_t level;
    uint16_t noise_factor;
} cv_threshold;

/// Marks each pixel 0 (background), 1 (foreground) or 2 (clearly foreground: twice the threshold).
void cv_foreground(const uint8_t *pixels, const uint8_t *low, const uint8_t *high, const uint8_t *noise,
                   size_t count, cv_threshold threshold, uint8_t *mask);

/// Clears foreground pixels with fewer than `least` foreground pixels in their 3x3 neighbourhood (themselves
/// included) and sets background pixels with at least `most`.
void cv_clean(const uint8_t *mask, size_t width, size_t height, uint8_t least, uint8_t most, uint8_t *dst);

/// One step of an exponential average with 8 bit state: value += (target - value) * rate / 65536, rounded up or
/// down by a pattern that depends on `seed` and the pixel, so that small steps arrive in the mean.
void cv_approach(uint8_t *value, const uint8_t *target, size_t count, uint32_t rate, uint32_t seed);

/// As cv_approach, but with rate_clear where mask is 0 and rate_set where it is not.
void cv_approach_masked(uint8_t *value, const uint8_t *target, const uint8_t *mask, size_t count,
                        uint32_t rate_clear, uint32_t rate_set, uint32_t seed);

/// noise += (min(8 * |pixel - expected|, 255) - noise) * rate / 65536, rounded as in cv_approach.
void cv_learn_noise(uint8_t *noise, const uint8_t *pixels, const uint8_t *expected, const uint8_t *mask, size_t count,
                    uint32_t rate_clear, uint32_t rate_set, uint32_t seed);

/// Makes foreground pixels background again that look as they did at `home` (within floor + level * value / 256),
/// and puts them into `background`.
void cv_recall_home(const uint8_t *pixels, const uint8_t *home, const uint8_t table[256], size_t count,
                    cv_threshold threshold, uint8_t *mask, uint8_t *background);

/// Keeps for how long a foreground pixel has not changed: 0 where it is background or differs from `recent` by more
/// than the threshold, else one more if `tick`, up to 255.
void cv_age(uint8_t *age, const uint8_t *mask, const uint8_t *pixels, const uint8_t *recent, size_t count,
            cv_threshold threshold, int tick);

/// Gradient: |right - left| + |below - above|, clipped to 255; 0 at the borders.
void cv_gradient(const uint8_t *src, size_t width, size_t height, uint8_t *dst);

#endif
