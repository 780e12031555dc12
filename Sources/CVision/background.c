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

static inline void range_at(const uint8_t *row, const uint8_t *above, const uint8_t *below, size_t left, size_t x,
                     size_t right, uint8_t *low, uint8_t *high) {
    uint8_t low_left = min_u8(row[left], min_u8(above[left], below[left]));
    uint8_t low_mid = min_u8(row[x], min_u8(above[x], below[x]));
    uint8_t low_right = min_u8(row[right], min_u8(above[right], below[right]));
    uint8_t high_left = max_u8(row[left], max_u8(above[left], below[left]));
    uint8_t high_mid = max_u8(row[x], max_u8(above[x], below[x]));
    uint8_t high_right = max_u8(row[right], max_u8(above[right], below[right]));
    low[x] = min_u8(low_mid, min_u8(low_left, low_right));
    high[x] = max_u8(high_mid, max_u8(high_left, high_right));
}

CV_WIDE void cv_range3(const uint8_t *src, size_t width, size_t height, uint8_t *restrict low, uint8_t *restrict high) {
    size_t last = width - 1;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = src + y * width;
        const uint8_t *above = y > 0 ? row - width : row;
        const uint8_t *below = y + 1 < height ? row + width : row;
        uint8_t *lo = low + y * width;
        uint8_t *hi = high + y * width;
        range_at(row, above, below, 0, 0, last > 0 ? 1 : 0, lo, hi);
        for (size_t x = 1; x < last; x++) {
            range_at(row, above, below, x - 1, x, x + 1, lo, hi);
        }
        range_at(row, above, below, last > 0 ? last - 1 : 0, last, last, lo, hi);
    }
}

CV_WIDE void cv_foreground(const uint8_t *pixels, const uint8_t *low, const uint8_t *high, const uint8_t *noise, size_t count,
                   cv_threshold threshold, uint8_t *mask) {
    for (size_t i = 0; i < count; i++) {
        int32_t pixel = pixels[i];
        int32_t below = (int32_t)low[i] - pixel;
        int32_t above = pixel - (int32_t)high[i];
        int32_t distance = below > above ? below : above;
        int32_t needed =
            threshold.floor + ((high[i] * threshold.level) >> 8) + (((int32_t)noise[i] * threshold.noise_factor) >> 6);
        mask[i] = (uint8_t)((distance > needed) + (distance > 2 * needed));
    }
}

CV_WIDE void cv_clean(const uint8_t *mask, size_t width, size_t height, uint8_t least, uint8_t most, uint8_t *dst) {
    memset(dst, 0, width * height);
    for (size_t y = 1; y + 1 < height; y++) {
        for (size_t x = 1; x + 1 < width; x++) {
            const uint8_t *p = mask + y * width + x;
            const uint8_t *a = p - width;
            const uint8_t *b = p + width;
            uint8_t around = (uint8_t)((a[-1] != 0) + (a[0] != 0) + (a[1] != 0) + (p[-1] != 0) + (p[0] != 0) +
                                       (p[1] != 0) + (b[-1] != 0) + (b[0] != 0) + (b[1] != 0));
            uint8_t kept = (uint8_t)(around >= least ? *p : 0);
            uint8_t filled = (uint8_t)(around >= most ? 1 : 0);
            dst[y * width + x] = kept > filled ? kept : filled;
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

CV_WIDE void cv_learn(uint8_t *restrict background, uint8_t *restrict home, uint8_t *restrict noise,
                      const uint8_t *restrict pixels, const uint8_t *restrict recent, const uint8_t *restrict kind,
                      const uint8_t *restrict expected, const uint8_t *restrict expected_home, size_t count,
                      const cv_rates *rates, uint32_t seed) {
    const cv_rates r = *rates;
    for (size_t i = 0; i < count; i++) {
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

CV_WIDE void cv_learn_empty(uint8_t *restrict background, uint8_t *restrict noise, const uint8_t *restrict pixels,
                            const uint8_t *restrict recent, const uint8_t *restrict expected, size_t count,
                            const cv_rates *rates, uint32_t seed) {
    const cv_rates r = *rates;
    for (size_t i = 0; i < count; i++) {
        int32_t rounding = dither((uint32_t)i, seed);
        uint8_t pixel = pixels[i];
        int32_t deviation = distance_u8(pixel, expected[i]);
        int excused = deviation > EXCUSED + noise[i] / 4;
        int32_t moved = distance_u8(pixel, recent[i]);
        noise[i] = (uint8_t)learn_noise(noise[i], deviation, moved, (int32_t)r.noise[CV_EMPTY], rounding);
        uint32_t rate = excused ? r.excused : r.background[CV_EMPTY];
        background[i] = approach(background[i], pixel, rate, rounding);
    }
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
    for (size_t i = 0; i < count; i++) {
        int32_t distance = (int32_t)pixels[i] - (int32_t)recent[i];
        int32_t allowed = threshold.floor + (((int32_t)recent[i] * threshold.level) >> 8);
        int still = mask[i] != 0 && distance <= allowed && -distance <= allowed;
        uint8_t next = age[i] > 255 - ticks ? 255 : (uint8_t)(age[i] + ticks);
        age[i] = still ? next : 0;
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
