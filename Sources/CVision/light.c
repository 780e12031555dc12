#include "light.h"

#include <string.h>

// Pixels are sorted into bins of known brightness; each bin keeps how often each difference was seen. A candidate
// change is then scored on the bins, not on the pixels.

enum { BINS = 16, DIFFS = 511, TOLERANCE = 5, STRIDE = 3 };

// Beyond these it is not the light of one scene any more.
enum { LEAST_GAIN = 96, MOST_GAIN = 680, MOST_OFFSET = 32 };

typedef struct {
    uint16_t seen[BINS][DIFFS];  // by now - known + 255
    uint32_t pixels[BINS];
    uint32_t level[BINS];  // sum of known
    uint32_t total;
} sample;

/// Counts the differences of sampled pixels; at most 65,535 of them fit a counter.
static void take(sample *s, const uint8_t *known, const uint8_t *now, size_t count) {
    memset(s, 0, sizeof *s);
    const size_t stride = count / STRIDE > UINT16_MAX ? count / UINT16_MAX + 1 : STRIDE;
    for (size_t i = 0; i < count; i += stride) {
        // Clipped pixels say nothing about the light.
        if ((known[i] > 250) | (now[i] > 250)) {
            continue;
        }
        unsigned bin = known[i] / (256 / BINS);
        s->seen[bin][255 + now[i] - known[i]]++;
        s->level[bin] += known[i];
    }
    for (int bin = 0; bin < BINS; bin++) {
        for (int diff = 0; diff < DIFFS; diff++) {
            s->pixels[bin] += s->seen[bin][diff];
        }
        s->total += s->pixels[bin];
    }
}

static int32_t expected_change(int32_t gain, int32_t offset, int32_t level) {
    return ((level * (gain - 256)) >> 8) + offset;
}

/// Sum over the pixels of TOLERANCE + 1 - |error|, where positive.
static int64_t score(const sample *s, int32_t gain, int32_t offset) {
    int64_t sum = 0;
    for (int bin = 0; bin < BINS; bin++) {
        if (!s->pixels[bin]) {
            continue;
        }
        int32_t change = expected_change(gain, offset, (int32_t)(s->level[bin] / s->pixels[bin]));
        for (int32_t error = -TOLERANCE; error <= TOLERANCE; error++) {
            int32_t diff = 255 + change + error;
            if (diff >= 0 && diff < DIFFS) {
                sum += (int64_t)s->seen[bin][diff] * (TOLERANCE + 1 - (error < 0 ? -error : error));
            }
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

static void try_candidate(const sample *s, candidate *best, int32_t gain, int32_t offset) {
    if (gain < LEAST_GAIN || gain > MOST_GAIN || offset < -MOST_OFFSET || offset > MOST_OFFSET) {
        return;
    }
    int64_t value = score(s, gain, offset);
    if (value > best->score) {
        *best = (candidate){gain, offset, value};
    }
}

/// Lines through the medians of each two well filled bins, and through the origin and each one.
static void try_lines(const sample *s, candidate *best) {
    int32_t level[BINS], change[BINS];
    int filled = 0;
    for (int bin = 0; bin < BINS; bin++) {
        if (s->pixels[bin] * 50 >= s->total && s->pixels[bin] > 0) {
            level[filled] = (int32_t)(s->level[bin] / s->pixels[bin]);
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

static void refine(const sample *s, candidate *best) {
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

cv_light cv_fit_light(const uint8_t *known, const uint8_t *now, size_t count) {
    sample s;
    take(&s, known, now, count);
    int64_t full = (int64_t)s.total * (TOLERANCE + 1);
    if (full == 0) {
        return (cv_light){256, 0, 1000, 1000};
    }
    candidate still = {256, 0, score(&s, 256, 0)};
    candidate best = still;
    // A change must pay for its two free numbers: 3 % of the best possible score.
    if (full - still.score < full * 3 / 100) {
        return (cv_light){256, 0, (int32_t)(still.score * 1000 / full), (int32_t)(still.score * 1000 / full)};
    }
    try_lines(&s, &best);
    refine(&s, &best);
    if (best.score - still.score < full * 3 / 100) {
        best = still;
    }
    return (cv_light){best.gain, best.offset, (int32_t)(best.score * 1000 / full), (int32_t)(still.score * 1000 / full)};
}

void cv_light_table(cv_light light, uint8_t table[256]) {
    for (int32_t level = 0; level < 256; level++) {
        table[level] = (uint8_t)limited(level + expected_change(light.gain, light.offset, level), 0, 255);
    }
}
