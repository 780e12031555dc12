#include "light.h"

#include <string.h>

#include "wide.h"

// Pixels are sorted into bins of known brightness; each bin keeps how often each difference was seen. A candidate
// change is then scored on the bins, not on the pixels.

enum { BINS = 16, DIFFS = 512, TOLERANCE = 5, STRIDE = 3 };

// Pixels that are looked at, of a larger plane the upper ones: more might not fit a counter.
enum { MOST = STRIDE * UINT16_MAX };

// Beyond these it is not the light of one scene any more.
enum { LEAST_GAIN = 96, MOST_GAIN = 680, MOST_OFFSET = 32 };

typedef struct {
    uint16_t seen[BINS][DIFFS];  // by now - known + 255
    int32_t worth[BINS][DIFFS];  // what a change of so much is worth in a bin; -1 where it was not asked for yet
    uint32_t pixels[BINS];
    int32_t level[BINS];  // mean of known
    int filled[BINS];     // bins with pixels
    int bins;             // how many these are
    uint32_t total;
} sample;

/// What a pixel is worth that differs by so much from what a candidate says: TOLERANCE + 1 - |error|, where positive.
CV_INLINE int32_t worth_of(int32_t error) {
    int32_t worth = TOLERANCE + 1 - (error < 0 ? -error : error);
    return worth > 0 ? worth : 0;
}

// Pixels whose places in the table are found at a time.
enum { PIECE = 96 * STRIDE };

/// For each pixel its place in the table of differences: bin * DIFFS + now - known + 255. Clipped pixels say nothing
/// about the light and go to a bin of their own.
CV_WIDE static void find_places(const uint8_t *known, const uint8_t *now, size_t count, uint16_t *restrict places) {
    CV_LANES(16)
    for (size_t i = 0; i < count; i++) {
        uint16_t place = (uint16_t)((known[i] / (256 / BINS)) * DIFFS + 255 + now[i] - known[i]);
        places[i] = known[i] > 250 || now[i] > 250 ? BINS * DIFFS : place;
    }
}

/// Differences and levels of pixels as they are counted, with a bin more for those that are clipped.
typedef struct {
    uint16_t seen[(BINS + 1) * DIFFS];
    uint32_t levels[BINS + 1];
} tally;

CV_INLINE void count_pixel(tally *t, uint16_t place, uint8_t known) {
    t->seen[place]++;
    t->levels[place / DIFFS] += known;
}

/// Adds two tallies up.
CV_WIDE static void merge(const tally *a, const tally *b, sample *s) {
    s->total = 0;
    s->bins = 0;
    for (int bin = 0; bin < BINS; bin++) {
        uint32_t pixels = 0;
        for (int diff = 0; diff < DIFFS; diff++) {
            uint16_t both = (uint16_t)(a->seen[bin * DIFFS + diff] + b->seen[bin * DIFFS + diff]);
            s->seen[bin][diff] = both;
            pixels += both;
        }
        s->pixels[bin] = pixels;
        if (pixels) {
            s->total += pixels;
            s->level[bin] = (int32_t)((a->levels[bin] + b->levels[bin]) / pixels);
            s->filled[s->bins++] = bin;
        }
    }
}

/// Counts the differences of sampled pixels.
static void take(sample *s, const uint8_t *known, const uint8_t *now, size_t count) {
    // Neighbours often count in the same place; in turns in two tallies, they do not wait for each other.
    tally a = {0}, b = {0};
    for (size_t from = 0; from < count; from += PIECE) {
        uint16_t places[PIECE];
        const size_t size = count - from < PIECE ? count - from : PIECE;
        find_places(known + from, now + from, size, places);
        size_t i = 0;
        for (; i + STRIDE < size; i += 2 * STRIDE) {
            count_pixel(&a, places[i], known[from + i]);
            count_pixel(&b, places[i + STRIDE], known[from + i + STRIDE]);
        }
        if (i < size) {
            count_pixel(&a, places[i], known[from + i]);
        }
    }
    merge(&a, &b, s);
}

static int32_t expected_change(int32_t gain, int32_t offset, int32_t level) {
    return ((level * (gain - 256)) >> 8) + offset;
}

/// What the pixels of a bin are worth when they changed by `diff` - 255. Neighbouring candidates ask for the same.
static int32_t worth(sample *s, int bin, int32_t diff) {
    int32_t *known = &s->worth[bin][diff];
    if (*known < 0) {
        *known = 0;
        for (int32_t error = -TOLERANCE; error <= TOLERANCE; error++) {
            if (diff + error >= 0 && diff + error < DIFFS) {
                *known += s->seen[bin][diff + error] * worth_of(error);
            }
        }
    }
    return *known;
}

/// Sum over the pixels of what each is worth.
static int64_t score(sample *s, int32_t gain, int32_t offset) {
    int64_t sum = 0;
    for (int k = 0; k < s->bins; k++) {
        const int bin = s->filled[k];
        int32_t diff = 255 + expected_change(gain, offset, s->level[bin]);
        if (diff >= 0 && diff < DIFFS) {
            sum += worth(s, bin, diff);
        }
    }
    return sum;
}

static int32_t median_change(const sample *s, int bin) {
    uint32_t passed = 0;
    for (int32_t diff = 0; diff < DIFFS; diff++) {
        passed += s->seen[bin][diff];
        if (2 * passed >= s->pixels[bin]) {
            return diff - 255;
        }
    }
    return 0;
}

static int32_t limited(int32_t value, int32_t least, int32_t most) {
    return value < least ? least : value > most ? most : value;
}

typedef struct {
    int32_t gain;
    int32_t offset;
    int64_t score;
} candidate;

static void try_candidate(sample *s, candidate *best, int32_t gain, int32_t offset) {
    if (gain < LEAST_GAIN || gain > MOST_GAIN || offset < -MOST_OFFSET || offset > MOST_OFFSET) {
        return;
    }
    int64_t value = score(s, gain, offset);
    if (value > best->score) {
        *best = (candidate){gain, offset, value};
    }
}

/// Lines through the medians of each two well filled bins, and through the origin and each one.
static void try_lines(sample *s, candidate *best) {
    int32_t level[BINS], change[BINS];
    int filled = 0;
    for (int bin = 0; bin < BINS; bin++) {
        if (s->pixels[bin] * 50 >= s->total && s->pixels[bin] > 0) {
            level[filled] = s->level[bin];
            change[filled++] = median_change(s, bin);
        }
    }
    for (int a = 0; a < filled; a++) {
        try_candidate(s, best, 256, change[a]);
        if (level[a] > 16) {
            try_candidate(s, best, 256 + 256 * change[a] / level[a], 0);
        }
        for (int b = a + 1; b < filled; b++) {
            int32_t gain = 256 + 256 * (change[b] - change[a]) / (level[b] - level[a]);
            try_candidate(s, best, gain, change[a] - ((level[a] * (gain - 256)) >> 8));
        }
    }
}

static void refine(sample *s, candidate *best) {
    static const int32_t gains[] = {-6, -2, 0, 2, 6};
    static const int32_t offsets[] = {-3, -1, 0, 1, 3};
    for (int round = 0; round < 3; round++) {
        candidate from = *best;
        for (int g = 0; g < 5; g++) {
            for (int o = 0; o < 5; o++) {
                try_candidate(s, best, from.gain + gains[g], from.offset + offsets[o]);
            }
        }
    }
}

/// A share in thousandths.
static int32_t share(int64_t score, int64_t full) { return (int32_t)(score * 1000 / full); }

cv_light cv_fit_light(const uint8_t *known, const uint8_t *now, size_t count) {
    sample s;
    take(&s, known, now, count < MOST ? count : MOST);
    const int64_t full = (int64_t)s.total * (TOLERANCE + 1);
    if (full == 0) {
        return (cv_light){256, 0, 1000, 1000};
    }
    memset(s.worth, -1, sizeof s.worth);
    const candidate still = {256, 0, score(&s, 256, 0)};
    candidate best = still;
    // A change must pay for its two free numbers: 3 % of the best possible score.
    if (full - still.score >= full * 3 / 100) {
        try_lines(&s, &best);
        refine(&s, &best);
    }
    if (best.score - still.score < full * 3 / 100) {
        best = still;
    }
    return (cv_light){best.gain, best.offset, share(best.score, full), share(still.score, full)};
}

void cv_light_table(cv_light light, uint8_t table[256]) {
    for (int32_t level = 0; level < 256; level++) {
        table[level] = (uint8_t)limited(level + expected_change(light.gain, light.offset, level), 0, 255);
    }
}

CV_WIDE void cv_relight(const uint8_t *src, cv_light light, size_t count, uint8_t *restrict dst) {
    // (level * 128) * (2 * change) / 65536: products of 16 bits of which the upper half is kept.
    const int16_t change = (int16_t)(2 * (light.gain - 256)), offset = (int16_t)light.offset;
    for (size_t i = 0; i < count; i++) {
        int16_t scaled = (int16_t)(src[i] << 7);
        int16_t lit = (int16_t)(src[i] + (int16_t)((scaled * change) >> 16) + offset);
        dst[i] = (uint8_t)(lit < 0 ? 0 : lit > 255 ? 255 : lit);
    }
}
