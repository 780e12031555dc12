#include "background.h"

#include <string.h>

#include "wide.h"

// A pixel of which only the neighbours explain the value differs from its own background by more than this, in grey
// levels, besides a quarter of its noise.
enum { EXCUSED = 12 };

// Noise is what comes and goes: at most this many eighths of a grey level for each that the pixel just changed by. What
// only stays different, because light or the background moved on, is not noise.
enum { FLICKER = 12 };

static inline uint8_t min_u8(uint8_t a, uint8_t b) { return a < b ? a : b; }
static inline uint8_t max_u8(uint8_t a, uint8_t b) { return a > b ? a : b; }

/// A pattern in 0…65535 that is different for neighbours and from frame to frame.
static inline int32_t dither(uint32_t index, uint32_t seed) {
    uint32_t value = (index + seed) * 2654435761u;
    value ^= value >> 15;
    return (int32_t)(value & 0xffff);
}

static inline int32_t distance_u8(uint8_t a, uint8_t b) { return a > b ? a - b : b - a; }

static inline uint8_t approach(uint8_t value, uint8_t target, uint32_t rate, int32_t rounding) {
    int32_t step = (((int32_t)target - (int32_t)value) * (int32_t)rate + rounding) >> 16;
    return (uint8_t)(value + step);
}

void cv_map(const uint8_t *src, const uint8_t table[256], size_t count, uint8_t *dst) {
    for (size_t i = 0; i < count; i++) {
        dst[i] = table[src[i]];
    }
}

/// The least and the greatest of each pixel and those above and below it.
static inline void range_down(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t width,
                              uint8_t *restrict low, uint8_t *restrict high) {
    for (size_t x = 0; x < width; x++) {
        low[x] = min_u8(row[x], min_u8(above[x], below[x]));
        high[x] = max_u8(row[x], max_u8(above[x], below[x]));
    }
}

/// The same of each value and those left and right of it; the values have one more at each end.
static inline void range_across(const uint8_t *low, const uint8_t *high, size_t width, uint8_t *restrict lo,
                                uint8_t *restrict hi) {
    for (size_t x = 0; x < width; x++) {
        lo[x] = min_u8(low[x + 1], min_u8(low[x], low[x + 2]));
        hi[x] = max_u8(high[x + 1], max_u8(high[x], high[x + 2]));
    }
}

CV_WIDE void cv_range3(const uint8_t *src, size_t width, size_t height, uint8_t *restrict low, uint8_t *restrict high) {
    uint8_t down_low[width + 2], down_high[width + 2];
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = src + y * width;
        range_down(y > 0 ? row - width : row, row, y + 1 < height ? row + width : row, width, down_low + 1,
                   down_high + 1);
        down_low[0] = down_low[1];
        down_high[0] = down_high[1];
        down_low[width + 1] = down_low[width];
        down_high[width + 1] = down_high[width];
        range_across(down_low, down_high, width, low + y * width, high + y * width);
    }
}

CV_WIDE void cv_foreground(const uint8_t *restrict pixels, const uint8_t *restrict low, const uint8_t *restrict high,
                           const uint8_t *restrict noise, size_t count, cv_threshold threshold,
                           uint8_t *restrict mask) {
    const uint16_t floor = threshold.floor, level = threshold.level, factor = threshold.noise_factor;
    // In 16 bits, twice as many pixels at once: no product is above 65,280, no sum above 32,767.
    for (size_t i = 0; i < count; i++) {
        int16_t pixel = pixels[i];
        int16_t below = (int16_t)(low[i] - pixel);
        int16_t above = (int16_t)(pixel - high[i]);
        int16_t distance = below > above ? below : above;
        uint16_t lit = (uint16_t)((uint16_t)(high[i] * level) >> 8);
        uint16_t noisy = (uint16_t)((uint16_t)(noise[i] * factor) >> 6);
        int16_t needed = (int16_t)(floor + lit + noisy);
        mask[i] = (uint8_t)((distance > needed) + (distance > (int16_t)(2 * needed)));
    }
}

/// How many of each pixel and those above and below it are foreground.
static inline void count_down(const uint8_t *row, size_t width, uint8_t *restrict counts) {
    const uint8_t *above = row - width, *below = row + width;
    for (size_t x = 0; x < width; x++) {
        counts[x] = (uint8_t)(min_u8(above[x], 1) + min_u8(row[x], 1) + min_u8(below[x], 1));
    }
}

CV_WIDE void cv_clean(const uint8_t *mask, size_t width, size_t height, uint8_t least, uint8_t most, uint8_t *dst) {
    uint8_t counts[width];
    memset(dst, 0, width * height);
    for (size_t y = 1; y + 1 < height; y++) {
        const uint8_t *row = mask + y * width;
        // Most rows of most pictures have nothing near them.
        if (!cv_any(row - width, 3 * width)) {
            continue;
        }
        count_down(row, width, counts);
        uint8_t *restrict out = dst + y * width;
        for (size_t x = 1; x + 1 < width; x++) {
            uint8_t around = (uint8_t)(counts[x - 1] + counts[x] + counts[x + 1]);
            uint8_t kept = (uint8_t)(around >= least ? row[x] : 0);
            uint8_t filled = (uint8_t)(around >= most ? 1 : 0);
            out[x] = max_u8(kept, filled);
        }
    }
}

CV_WIDE void cv_approach(uint8_t *value, const uint8_t *target, size_t count, uint32_t rate, uint32_t seed) {
    for (size_t i = 0; i < count; i++) {
        value[i] = approach(value[i], target[i], rate, dither((uint32_t)i, seed));
    }
}

static inline int32_t learn_noise(int32_t noise, int32_t deviation, int32_t moved, int32_t rate, int32_t rounding) {
    int32_t flicker = FLICKER * moved;
    int32_t eighths = 8 * deviation < flicker ? 8 * deviation : flicker;
    eighths = eighths > 255 ? 255 : eighths;
    return noise + (((eighths - noise) * rate + rounding) >> 16);
}

static inline int32_t by_kind(const uint32_t rates[CV_KINDS], uint8_t kind) {
    uint32_t rate = rates[CV_EMPTY];
    rate = kind == CV_OBJECT ? rates[CV_OBJECT] : rate;
    rate = kind == CV_SPECK ? rates[CV_SPECK] : rate;
    rate = kind == CV_LIGHT ? rates[CV_LIGHT] : rate;
    return (int32_t)(kind == CV_ADOPT ? rates[CV_ADOPT] : rate);
}

/// One step of learning where nothing is and nothing was adopted.
static inline void learn_empty(uint8_t *restrict background, uint8_t *restrict noise, const uint8_t *restrict pixels,
                               const uint8_t *restrict recent, const uint8_t *restrict expected, size_t from, size_t to,
                               const cv_rates *rates, uint32_t seed) {
    const uint32_t excused_rate = rates->excused, rate_empty = rates->background[CV_EMPTY];
    const int32_t noise_rate = (int32_t)rates->noise[CV_EMPTY];
    for (size_t i = from; i < to; i++) {
        int32_t rounding = dither((uint32_t)i, seed);
        uint8_t pixel = pixels[i];
        int32_t deviation = distance_u8(pixel, expected[i]);
        int excused = deviation > EXCUSED + noise[i] / 4;
        int32_t moved = distance_u8(pixel, recent[i]);
        noise[i] = (uint8_t)learn_noise(noise[i], deviation, moved, noise_rate, rounding);
        background[i] = approach(background[i], pixel, excused ? excused_rate : rate_empty, rounding);
    }
}

/// One step of learning for any kind of pixel.
static inline void learn_any(uint8_t *restrict background, uint8_t *restrict home, uint8_t *restrict noise,
                             const uint8_t *restrict pixels, const uint8_t *restrict recent,
                             const uint8_t *restrict kind, const uint8_t *restrict expected,
                             const uint8_t *restrict expected_home, size_t from, size_t to, const cv_rates *rates,
                             uint32_t seed) {
    const cv_rates r = *rates;
    for (size_t i = from; i < to; i++) {
        int32_t rounding = dither((uint32_t)i, seed);
        uint8_t pixel = pixels[i], before = background[i], lit = expected[i];
        int32_t deviation = distance_u8(pixel, lit);
        int excused = (kind[i] == CV_EMPTY) & (deviation > EXCUSED + noise[i] / 4);
        int32_t moved = distance_u8(pixel, recent[i]);
        noise[i] = (uint8_t)learn_noise(noise[i], deviation, moved, by_kind(r.noise, kind[i]), rounding);
        int covered = (kind[i] == CV_OBJECT) | (kind[i] == CV_SPECK);
        uint32_t rate = excused ? r.excused : (uint32_t)by_kind(r.background, kind[i]);
        uint8_t after = approach(before, covered ? lit : pixel, rate, rounding);
        uint8_t lit_home = approach(home[i], expected_home[i], rate, rounding);
        uint8_t open_home = approach(lit_home, after, r.home, rounding);
        uint8_t away = covered ? lit_home : open_home;
        uint8_t next = home[i] == before ? after : away;
        int stays = (kind[i] == CV_LIGHT) | (kind[i] == CV_ADOPT);
        home[i] = stays ? home[i] : next;
        background[i] = kind[i] == CV_ADOPT ? pixel : after;
    }
}

CV_WIDE void cv_learn(uint8_t *restrict background, uint8_t *restrict home, uint8_t *restrict noise,
                      const uint8_t *restrict pixels, const uint8_t *restrict recent, const uint8_t *restrict kind,
                      const uint8_t *restrict expected, const uint8_t *restrict expected_home, size_t count,
                      const cv_rates *rates, uint32_t seed) {
    // Most of most pictures is empty and always was: those spans take the short way.
    enum { SPAN = 32 };
    for (size_t from = 0; from < count; from += SPAN) {
        size_t to = from + SPAN < count ? from + SPAN : count;
        if (cv_any(kind + from, to - from) || memcmp(home + from, background + from, to - from) != 0) {
            learn_any(background, home, noise, pixels, recent, kind, expected, expected_home, from, to, rates, seed);
        } else {
            learn_empty(background, noise, pixels, recent, expected, from, to, rates, seed);
            memcpy(home + from, background + from, to - from);
        }
    }
}

CV_WIDE void cv_learn_empty(uint8_t *restrict background, uint8_t *restrict noise, const uint8_t *restrict pixels,
                            const uint8_t *restrict recent, const uint8_t *restrict expected, size_t count,
                            const cv_rates *rates, uint32_t seed) {
    learn_empty(background, noise, pixels, recent, expected, 0, count, rates, seed);
}

void cv_recall_home(const uint8_t *pixels, const uint8_t *home, const uint8_t table[256], size_t count,
                    cv_threshold threshold, uint8_t *mask, uint8_t *background) {
    for (size_t i = 0; i < count; i++) {
        if (!mask[i] || home[i] == background[i]) {
            continue;
        }
        int32_t expected = table[home[i]];
        int32_t distance = (int32_t)pixels[i] - expected;
        if ((distance < 0 ? -distance : distance) <= threshold.floor + ((expected * threshold.level) >> 8)) {
            mask[i] = 0;
            background[i] = pixels[i];
        }
    }
}

CV_WIDE void cv_age(uint8_t *age, const uint8_t *mask, const uint8_t *pixels, const uint8_t *recent, size_t count,
            cv_threshold threshold, uint8_t ticks) {
    const uint16_t floor = threshold.floor, level = threshold.level;
    for (size_t i = 0; i < count; i++) {
        int16_t distance = (int16_t)(pixels[i] - recent[i]);
        int16_t allowed = (int16_t)(floor + ((uint16_t)(recent[i] * level) >> 8));
        int16_t size = (int16_t)(distance < 0 ? -distance : distance);
        uint16_t older = (uint16_t)(age[i] + ticks);
        uint8_t next = (uint8_t)(older > 255 ? 255 : older);
        age[i] = mask[i] != 0 && size <= allowed ? next : 0;
    }
}

void cv_count_moving(const uint8_t *mask, const uint8_t *age, size_t width, size_t height, size_t side,
                     uint8_t *counts) {
    const size_t columns = (width + side - 1) / side;
    memset(counts, 0, columns * ((height + side - 1) / side));
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = mask + y * width;
        if (!cv_any(row, width)) {
            continue;
        }
        uint8_t *out = counts + y / side * columns;
        for (size_t x = 0; x < width; x++) {
            out[x / side] = (uint8_t)(out[x / side] + (row[x] != 0 && age[y * width + x] == 0));
        }
    }
}

CV_WIDE void cv_gradient(const uint8_t *src, size_t width, size_t height, uint8_t *dst) {
    memset(dst, 0, width * height);
    for (size_t y = 1; y + 1 < height; y++) {
        for (size_t x = 1; x + 1 < width; x++) {
            const uint8_t *p = src + y * width + x;
            int32_t across = (int32_t)p[1] - (int32_t)p[-1];
            int32_t down = (int32_t)p[width] - (int32_t)p[-(ptrdiff_t)width];
            int32_t sum = (across < 0 ? -across : across) + (down < 0 ? -down : down);
            dst[y * width + x] = (uint8_t)(sum > 255 ? 255 : sum);
        }
    }
}

int cv_any(const uint8_t *values, size_t count) {
    uint8_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= values[i];
    }
    return all != 0;
}
