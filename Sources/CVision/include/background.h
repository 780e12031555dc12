#ifndef GRIDWATCH_BACKGROUND_H
#define GRIDWATCH_BACKGROUND_H

#include <stddef.h>
#include <stdint.h>

// The pixel loops of the background model. All planes are `count` bytes, row by row; results are integer-exact.

/// The columns left..<right of a row outside which a plane is as its base; both 0 for a row with nothing.
///
/// Most rows of most pictures are empty: what is done for each foreground pixel looks only there.
typedef struct {
    uint32_t left;
    uint32_t right;
} cv_span;

/// Fills the spans of the `height` rows in which a plane differs from another one; NULL for one that is 0. Returns whether
/// it does anywhere.
int cv_find_spans(const uint8_t *plane, const uint8_t *base, size_t width, size_t height, cv_span *spans);

/// Writes the least and the greatest value of each pixel's 3x3 neighbourhood (clipped at the borders).
void cv_range3(const uint8_t *src, size_t width, size_t height, uint8_t *low, uint8_t *high);

/// How far a pixel must leave its background's range to be foreground:
/// floor + level * value / 256 + noise_factor * noise / 64 (noise is in eighths of a grey level). At most 255 for floor
/// and noise_factor, 256 for level.
typedef struct {
    uint16_t floor;
    uint16_t level;
    uint16_t noise_factor;
} cv_threshold;

/// Marks each pixel 0 (background), 1 (foreground) or 2 (clearly foreground: twice the threshold) by its distance from
/// the range that is `expected` in its 3x3 neighbourhood.
void cv_foreground(const uint8_t *pixels, const uint8_t *expected, const uint8_t *noise, size_t width, size_t height,
                   cv_threshold threshold, uint8_t *mask);

/// Clears foreground pixels with fewer than `least` foreground pixels in their 3x3 neighbourhood (themselves
/// included) and sets background pixels with at least `most`.
void cv_clean(const uint8_t *mask, size_t width, size_t height, uint8_t least, uint8_t most, uint8_t *dst);

/// Makes foreground pixels background again that look as they did at `original` (within floor + level * value / 256),
/// and puts them into `background`. `table` is the change of light since original was learnt.
void cv_recall_original(const uint8_t *pixels, const uint8_t *original, const uint8_t table[256], size_t count,
                    cv_threshold threshold, uint8_t *mask, uint8_t *background);

/// Keeps for how long a foreground pixel has not changed: 0 where it is background or differs from `recent` by more
/// than floor + level * value / 256, else `ticks` more, up to 255.
void cv_age(uint8_t *age, const uint8_t *mask, const uint8_t *pixels, const uint8_t *recent, size_t width,
            size_t height, const cv_span *spans, cv_threshold threshold, uint8_t ticks);

/// Counts for each square of `side` times `side` pixels (at most 15; less at the right and lower edge) the foreground
/// pixels whose age is 0: those that move.
void cv_count_moving(const uint8_t *mask, const uint8_t *age, size_t width, size_t height, const cv_span *spans,
                     size_t side, uint8_t *counts);

/// Gradient: |right - left| + |below - above|, clipped to 255; `dst` keeps the borders, and what is outside the spans
/// (NULL for the whole picture).
void cv_gradient(const uint8_t *src, size_t width, size_t height, const cv_span *spans, uint8_t *dst);

/// One step of an exponential average with 8 bit state: value += (target - value) * rate / 65536, rounded up or
/// down by a pattern that depends on `seed` and the pixel, so that small steps arrive in the mean.
void cv_approach(uint8_t *value, const uint8_t *target, size_t count, uint32_t rate, uint32_t seed);

/// What a pixel is taken for, and with it how its background learns.
enum {
    CV_EMPTY = 0,   // nothing there: the background follows the frame
    CV_OBJECT = 1,  // something is there: the background only follows the light
    CV_SPECK = 2,   // foreground, but not a thing: as an object; its deviation is noise
    CV_LIGHT = 3,   // only lit otherwise: the background follows the frame quickly
    CV_ADOPT = 4,   // belongs to the scene from now on: the background becomes the frame
    CV_KINDS = 5
};

/// Rates of one step, in 65536ths.
typedef struct {
    uint32_t background[CV_KINDS];  // by kind of pixel
    uint32_t noise[CV_KINDS];       // by kind of pixel
    uint32_t excused;               // of the background where only the neighbours explain an empty pixel
    uint32_t original;                  // at which it is forgotten what was there before, where nothing is now
} cv_rates;

/// One step of learning for each pixel: `background`, its grey level in the empty scene; `original`, what that was before
/// something was adopted; `noise`, its mean deviation in eighths of a grey level. `kind` is a CV_ value for each pixel,
/// `expected` and `expected_original` are background and original under the light of the frame. No two planes
/// may overlap.
void cv_learn(uint8_t *background, uint8_t *original, uint8_t *noise, const uint8_t *pixels, const uint8_t *recent,
              const uint8_t *kind, const uint8_t *expected, const uint8_t *expected_original, size_t count,
              const cv_rates *rates, uint32_t seed);

/// The same where every pixel is CV_EMPTY and original is the background at every pixel, before and after.
void cv_learn_empty(uint8_t *background, uint8_t *noise, const uint8_t *pixels, const uint8_t *recent,
                    const uint8_t *expected, size_t count, const cv_rates *rates, uint32_t seed);

/// The sum of the values; `count` is at most 16,843,009.
uint32_t cv_sum(const uint8_t *values, size_t count);

#endif
