#include "background.h"

#include <string.h>

#include "wide.h"

// A pixel of which only the neighbours explain the value differs from its own background by more than this, in grey
// levels, besides a quarter of its noise.
enum { EXCUSED = 12 };

// Noise is what comes and goes: at most this many eighths of a grey level for each that the pixel just changed by. What
// only stays different, because light or the background moved on, is not noise.
enum { FLICKER = 12 };

CV_INLINE uint8_t min_u8(uint8_t a, uint8_t b) { return a < b ? a : b; }
CV_INLINE uint8_t max_u8(uint8_t a, uint8_t b) { return a > b ? a : b; }

CV_INLINE int is_any(const uint8_t *values, size_t count) {
    uint8_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= values[i];
    }
    return all != 0;
}

/// A pattern in 0…65535 that is different for neighbours and from frame to frame.
CV_INLINE int32_t dither(uint32_t index, uint32_t seed) {
    uint32_t value = (index + seed) * 2654435761u;
    value ^= value >> 15;
    return (int32_t)(value & 0xffff);
}

CV_INLINE uint8_t distance_u8(uint8_t a, uint8_t b) { return (uint8_t)(max_u8(a, b) - min_u8(a, b)); }

CV_INLINE uint8_t approach(uint8_t value, uint8_t target, int32_t rate, int32_t rounding) {
    return (uint8_t)(value + ((((int32_t)target - (int32_t)value) * rate + rounding) >> 16));
}

/// The first column from `from` on in which two rows differ; `to` when they do not. Words are taken whole: their lowest
/// byte is the first, on every machine that this is built for.
CV_INLINE size_t first_difference(const uint8_t *a, const uint8_t *b, size_t from, size_t to) {
    uint64_t x, y;
    size_t i = from;
    for (; i + sizeof x <= to; i += sizeof x) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        if (x != y) {
            return i + (size_t)__builtin_ctzll(x ^ y) / 8;
        }
    }
    while (i < to && a[i] == b[i]) {
        i++;
    }
    return i;
}

/// One more than the last column from `from` on in which two rows differ; `from` when they do not.
CV_INLINE size_t last_difference(const uint8_t *a, const uint8_t *b, size_t from, size_t to) {
    uint64_t x, y;
    size_t i = to;
    for (; i >= from + sizeof x; i -= sizeof x) {
        memcpy(&x, a + i - sizeof x, sizeof x);
        memcpy(&y, b + i - sizeof y, sizeof y);
        if (x != y) {
            return i - (size_t)__builtin_clzll(x ^ y) / 8;
        }
    }
    while (i > from && a[i - 1] == b[i - 1]) {
        i--;
    }
    return i;
}

int cv_find_spans(const uint8_t *plane, const uint8_t *base, size_t width, size_t height, cv_span *spans) {
    uint8_t zeroes[width];
    memset(zeroes, 0, width);
    int any = 0;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = plane + y * width, *under = base ? base + y * width : zeroes;
        const size_t left = first_difference(row, under, 0, width);
        spans[y] = (cv_span){0, 0};
        if (left < width) {
            spans[y] = (cv_span){(uint32_t)left, (uint32_t)last_difference(row, under, left, width)};
            any = 1;
        }
    }
    return any;
}

/// The least and the greatest of each pixel and those above and below it.
CV_INLINE void range_down(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t width,
                          uint8_t *restrict low, uint8_t *restrict high) {
    for (size_t x = 0; x < width; x++) {
        low[x] = min_u8(row[x], min_u8(above[x], below[x]));
        high[x] = max_u8(row[x], max_u8(above[x], below[x]));
    }
}

/// The same of each value and those left and right of it; the values have one more at each end.
CV_INLINE void range_across(const uint8_t *low, const uint8_t *high, size_t width, uint8_t *restrict lo,
                            uint8_t *restrict hi) {
    for (size_t x = 0; x < width; x++) {
        lo[x] = min_u8(low[x + 1], min_u8(low[x], low[x + 2]));
        hi[x] = max_u8(high[x + 1], max_u8(high[x], high[x + 2]));
    }
}

/// The least and the greatest value around each pixel of row `y`.
CV_INLINE void range_row(const uint8_t *src, size_t width, size_t height, size_t y, uint8_t *restrict low,
                         uint8_t *restrict high) {
    uint8_t down_low[width + 2], down_high[width + 2];
    const uint8_t *row = src + y * width;
    range_down(y > 0 ? row - width : row, row, y + 1 < height ? row + width : row, width, down_low + 1, down_high + 1);
    down_low[0] = down_low[1];
    down_high[0] = down_high[1];
    down_low[width + 1] = down_low[width];
    down_high[width + 1] = down_high[width];
    range_across(down_low, down_high, width, low, high);
}

CV_WIDE void cv_range3(const uint8_t *src, size_t width, size_t height, uint8_t *restrict low, uint8_t *restrict high) {
    for (size_t y = 0; y < height; y++) {
        range_row(src, width, height, y, low + y * width, high + y * width);
    }
}

CV_INLINE void foreground_row(const uint8_t *restrict pixels, const uint8_t *restrict low, const uint8_t *restrict high,
                              const uint8_t *restrict noise, size_t count, cv_threshold threshold,
                              uint8_t *restrict mask) {
    const uint16_t floor = threshold.floor, level = threshold.level, factor = threshold.noise_factor;
    // In 16 bits, twice as many pixels at once: no product is above 65,280, no sum above 32,767.
    CV_LANES(16)
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

CV_WIDE void cv_foreground(const uint8_t *pixels, const uint8_t *expected, const uint8_t *noise, size_t width,
                           size_t height, cv_threshold threshold, uint8_t *mask) {
    uint8_t low[width], high[width];
    for (size_t y = 0; y < height; y++) {
        const size_t start = y * width;
        range_row(expected, width, height, y, low, high);
        foreground_row(pixels + start, low, high, noise + start, width, threshold, mask + start);
    }
}

/// How many of each pixel and those above and below it are foreground.
CV_INLINE void count_down(const uint8_t *row, size_t width, uint8_t *restrict counts) {
    const uint8_t *above = row - width, *below = row + width;
    CV_LANES(32)
    for (size_t x = 0; x < width; x++) {
        counts[x] = (uint8_t)(min_u8(above[x], 1) + min_u8(row[x], 1) + min_u8(below[x], 1));
    }
}

/// Keeps or fills each pixel of a row by the foreground around it; `counts` are those of `count_down`, one more at each
/// end.
CV_INLINE void clean_row(const uint8_t *row, const uint8_t *counts, size_t width, uint8_t least, uint8_t most,
                         uint8_t *restrict out) {
    CV_LANES(32)
    for (size_t x = 0; x < width; x++) {
        uint8_t around = (uint8_t)(counts[x] + counts[x + 1] + counts[x + 2]);
        uint8_t kept = (uint8_t)(around >= least ? row[x] : 0);
        uint8_t filled = (uint8_t)(around >= most ? 1 : 0);
        out[x] = max_u8(kept, filled);
    }
    out[0] = out[width - 1] = 0;
}

CV_WIDE void cv_clean(const uint8_t *mask, size_t width, size_t height, uint8_t least, uint8_t most, uint8_t *dst) {
    uint8_t counts[width + 2];
    counts[0] = counts[width + 1] = 0;
    memset(dst, 0, width * height);
    for (size_t y = 1; y + 1 < height; y++) {
        const uint8_t *row = mask + y * width;
        // Most rows of most pictures have nothing near them.
        if (is_any(row - width, 3 * width)) {
            count_down(row, width, counts + 1);
            clean_row(row, counts, width, least, most, dst + y * width);
        }
    }
}

CV_WIDE void cv_approach(uint8_t *value, const uint8_t *target, size_t count, uint32_t rate, uint32_t seed) {
    for (size_t i = 0; i < count; i++) {
        value[i] = approach(value[i], target[i], (int32_t)rate, dither((uint32_t)i, seed));
    }
}

CV_INLINE uint8_t learn_noise(uint8_t noise, uint8_t deviation, uint8_t moved, int32_t rate, int32_t rounding) {
    uint16_t flicker = (uint16_t)(FLICKER * moved), eighths = (uint16_t)(8 * deviation);
    uint16_t least = eighths < flicker ? eighths : flicker;
    return approach(noise, (uint8_t)(least > 255 ? 255 : least), rate, rounding);
}

/// Whether only the neighbours of an empty pixel explain its value.
CV_INLINE uint8_t is_excused(uint8_t deviation, uint8_t noise) { return deviation > (uint8_t)(EXCUSED + noise / 4); }

CV_INLINE int32_t by_kind(const uint32_t rates[CV_KINDS], uint8_t kind) {
    uint32_t rate = rates[CV_EMPTY];
    rate = kind == CV_OBJECT ? rates[CV_OBJECT] : rate;
    rate = kind == CV_SPECK ? rates[CV_SPECK] : rate;
    rate = kind == CV_LIGHT ? rates[CV_LIGHT] : rate;
    return (int32_t)(kind == CV_ADOPT ? rates[CV_ADOPT] : rate);
}

/// One step of learning where nothing is and nothing was adopted.
CV_INLINE void learn_empty(uint8_t *restrict background, uint8_t *restrict noise, const uint8_t *restrict pixels,
                           const uint8_t *restrict recent, const uint8_t *restrict expected, size_t from, size_t to,
                           const cv_rates *rates, uint32_t seed) {
    const int32_t excused = (int32_t)rates->excused, empty = (int32_t)rates->background[CV_EMPTY];
    const int32_t flicker = (int32_t)rates->noise[CV_EMPTY];
    CV_LANES(16)
    for (size_t i = from; i < to; i++) {
        int32_t rounding = dither((uint32_t)i, seed);
        uint8_t pixel = pixels[i], deviation = distance_u8(pixel, expected[i]);
        int32_t rate = is_excused(deviation, noise[i]) ? excused : empty;
        noise[i] = learn_noise(noise[i], deviation, distance_u8(pixel, recent[i]), flicker, rounding);
        background[i] = approach(background[i], pixel, rate, rounding);
    }
}

/// One step of learning for any kind of pixel; without `kinds` all are empty, which the compiler makes a loop of its own.
CV_INLINE void learn_any(uint8_t *restrict background, uint8_t *restrict original, uint8_t *restrict noise,
                         const uint8_t *restrict pixels, const uint8_t *restrict recent,
                         const uint8_t *restrict kinds, const uint8_t *restrict expected,
                         const uint8_t *restrict expected_original, size_t from, size_t to, const cv_rates *rates,
                         uint32_t seed) {
    const cv_rates r = *rates;
    CV_LANES(16)
    for (size_t i = from; i < to; i++) {
        int32_t rounding = dither((uint32_t)i, seed);
        uint8_t pixel = pixels[i], before = background[i], lit = expected[i];
        uint8_t kind = kinds ? kinds[i] : CV_EMPTY;
        uint8_t deviation = distance_u8(pixel, lit);
        uint8_t excused = (kind == CV_EMPTY) & is_excused(deviation, noise[i]);
        uint8_t covered = (kind == CV_OBJECT) | (kind == CV_SPECK), stays = (kind == CV_LIGHT) | (kind == CV_ADOPT);
        int32_t rate = excused ? (int32_t)r.excused : by_kind(r.background, kind);
        noise[i] = learn_noise(noise[i], deviation, distance_u8(pixel, recent[i]), by_kind(r.noise, kind), rounding);
        uint8_t after = approach(before, covered ? lit : pixel, rate, rounding);
        uint8_t lit_original = approach(original[i], expected_original[i], rate, rounding);
        uint8_t open_original = approach(lit_original, after, (int32_t)r.original, rounding);
        uint8_t away = covered ? lit_original : open_original;
        uint8_t next = original[i] == before ? after : away;
        original[i] = stays ? original[i] : next;
        background[i] = kind == CV_ADOPT ? pixel : after;
    }
}

/// Learns a span of pixels the way that its kinds ask for; most of most pictures is empty and always was.
CV_INLINE void learn_span(uint8_t *restrict background, uint8_t *restrict original, uint8_t *restrict noise,
                          const uint8_t *restrict pixels, const uint8_t *restrict recent, const uint8_t *restrict kind,
                          const uint8_t *restrict expected, const uint8_t *restrict expected_original, size_t from,
                          size_t size, const cv_rates *rates, uint32_t seed) {
    const size_t to = from + size;
    if (is_any(kind + from, size)) {
        learn_any(background, original, noise, pixels, recent, kind, expected, expected_original, from, to, rates, seed);
    } else if (memcmp(original + from, background + from, size) != 0) {
        learn_any(background, original, noise, pixels, recent, NULL, expected, expected_original, from, to, rates, seed);
    } else {
        learn_empty(background, noise, pixels, recent, expected, from, to, rates, seed);
        memcpy(original + from, background + from, size);
    }
}

CV_WIDE void cv_learn(uint8_t *restrict background, uint8_t *restrict original, uint8_t *restrict noise,
                      const uint8_t *restrict pixels, const uint8_t *restrict recent, const uint8_t *restrict kind,
                      const uint8_t *restrict expected, const uint8_t *restrict expected_original, size_t count,
                      const cv_rates *rates, uint32_t seed) {
    enum { SPAN = 32 };
    size_t from = 0;
    // A size that the compiler knows makes copies and comparisons of single instructions.
    for (; from + SPAN <= count; from += SPAN) {
        learn_span(background, original, noise, pixels, recent, kind, expected, expected_original, from, SPAN, rates,
                   seed);
    }
    learn_span(background, original, noise, pixels, recent, kind, expected, expected_original, from, count - from, rates,
               seed);
}

CV_WIDE void cv_learn_empty(uint8_t *restrict background, uint8_t *restrict noise, const uint8_t *restrict pixels,
                            const uint8_t *restrict recent, const uint8_t *restrict expected, size_t count,
                            const cv_rates *rates, uint32_t seed) {
    learn_empty(background, noise, pixels, recent, expected, 0, count, rates, seed);
}

void cv_recall_original(const uint8_t *pixels, const uint8_t *original, const uint8_t table[256], size_t count,
                    cv_threshold threshold, uint8_t *mask, uint8_t *background) {
    for (size_t i = 0; i < count; i++) {
        uint64_t eight;
        // Most pixels are no foreground.
        while (i + sizeof eight <= count && (memcpy(&eight, mask + i, sizeof eight), !eight)) {
            i += sizeof eight;
        }
        if (i >= count) {
            break;
        }
        if (!mask[i] || original[i] == background[i]) {
            continue;
        }
        int32_t expected = table[original[i]];
        if (distance_u8(pixels[i], (uint8_t)expected) <= threshold.floor + ((expected * threshold.level) >> 8)) {
            mask[i] = 0;
            background[i] = pixels[i];
        }
    }
}

CV_WIDE void cv_age(uint8_t *age, const uint8_t *mask, const uint8_t *pixels, const uint8_t *recent, size_t width,
                    size_t height, const cv_span *spans, cv_threshold threshold, uint8_t ticks) {
    const uint16_t floor = threshold.floor, level = threshold.level;
    for (size_t y = 0; y < height; y++) {
        const size_t start = y * width, left = start + spans[y].left, right = start + spans[y].right;
        memset(age + start, 0, left - start);
        for (size_t i = left; i < right; i++) {
            int16_t distance = (int16_t)(pixels[i] - recent[i]);
            int16_t allowed = (int16_t)(floor + ((uint16_t)(recent[i] * level) >> 8));
            int16_t size = (int16_t)(distance < 0 ? -distance : distance);
            uint16_t older = (uint16_t)(age[i] + ticks);
            uint8_t next = (uint8_t)(older > 255 ? 255 : older);
            age[i] = mask[i] != 0 && size <= allowed ? next : 0;
        }
        memset(age + right, 0, start + width - right);
    }
}

void cv_count_moving(const uint8_t *mask, const uint8_t *age, size_t width, size_t height, const cv_span *spans,
                     size_t side, uint8_t *counts) {
    const size_t columns = (width + side - 1) / side;
    memset(counts, 0, columns * ((height + side - 1) / side));
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = mask + y * width, *ages = age + y * width;
        uint8_t *out = counts + y / side * columns;
        for (size_t square = spans[y].left / side; square * side < spans[y].right; square++) {
            const size_t end = square * side + side < width ? square * side + side : width;
            for (size_t x = square * side; x < end; x++) {
                out[square] = (uint8_t)(out[square] + ((row[x] != 0) & (ages[x] == 0)));
            }
        }
    }
}

/// The gradient of the pixels from..<to, none of them at the border.
CV_INLINE void gradient_run(const uint8_t *src, size_t width, size_t from, size_t to, uint8_t *restrict dst) {
    for (size_t i = from; i < to; i++) {
        int16_t across = (int16_t)(src[i + 1] - src[i - 1]);
        int16_t down = (int16_t)(src[i + width] - src[i - width]);
        int16_t sum = (int16_t)((across < 0 ? -across : across) + (down < 0 ? -down : down));
        dst[i] = (uint8_t)(sum > 255 ? 255 : sum);
    }
}

CV_WIDE void cv_gradient(const uint8_t *src, size_t width, size_t height, const cv_span *spans, uint8_t *dst) {
    for (size_t y = 1; y + 1 < height; y++) {
        const size_t left = spans && spans[y].left > 1 ? spans[y].left : 1;
        const size_t right = spans && spans[y].right < width ? spans[y].right : width - 1;
        if (left < right) {
            gradient_run(src, width, y * width + left, y * width + right, dst);
        }
    }
}

uint32_t cv_sum(const uint8_t *values, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}
