#include "components.h"

#include <string.h>

#include "wide.h"

// While labels are given, an element of the forest holds its parent; a root holds itself.

static uint16_t root_of(uint16_t *forest, uint16_t label) {
    while (forest[label] != label) {
        forest[label] = forest[forest[label]];
        label = forest[label];
    }
    return label;
}

static uint16_t join(uint16_t *forest, uint16_t a, uint16_t b) {
    a = root_of(forest, a);
    b = root_of(forest, b);
    if (a < b) {
        forest[b] = a;
        return a;
    }
    forest[a] = b;
    return b;
}

size_t cv_components_limit(size_t width, size_t height) { return ((width + 1) / 2) * ((height + 1) / 2); }

/// The label of a foreground pixel by its neighbours above and to the left; 0 when it has none.
///
/// Neighbours that touch each other are one component already: only what the pixel alone connects is joined.
static uint16_t label_near(const uint16_t *label, size_t x, size_t y, size_t width, uint16_t *forest) {
    const uint16_t left = x > 0 ? label[-1] : 0;
    if (y == 0) {
        return left;
    }
    const uint16_t *above = label - width;
    if (above[0]) {
        return above[0];
    }
    const uint16_t before = left ? left : x > 0 ? above[-1] : 0;
    const uint16_t after = x + 1 < width ? above[1] : 0;
    return before && after ? join(forest, before, after) : before ? before : after;
}

static uint16_t give_labels(const uint8_t *mask, size_t width, size_t height, const cv_span *spans, uint16_t *labels,
                            uint16_t *forest) {
    uint16_t next = 1;
    memset(labels, 0, width * height * sizeof *labels);
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = mask + y * width;
        uint16_t *out = labels + y * width;
        for (size_t x = spans[y].left; x < spans[y].right; x++) {
            if (!row[x]) {
                continue;
            }
            uint16_t label = label_near(out + x, x, y, width, forest);
            if (!label) {
                label = next++;
                forest[label] = label;
            }
            out[x] = label;
        }
    }
    return next;
}

/// Puts the final number 1, 2, … of each label's root in its place. A root is always before what hangs on it.
static uint16_t number_roots(uint16_t *forest, uint16_t next) {
    uint16_t count = 0;
    for (uint16_t label = 1; label < next; label++) {
        forest[label] = forest[label] == label ? ++count : forest[forest[label]];
    }
    return count;
}

size_t cv_label(const uint8_t *mask, size_t width, size_t height, const cv_span *spans, uint16_t *labels,
                uint16_t *forest) {
    forest[0] = 0;
    uint16_t next = give_labels(mask, width, height, spans, labels, forest);
    uint16_t count = number_roots(forest, next);
    for (size_t y = 0; y < height; y++) {
        uint16_t *row = labels + y * width;
        for (size_t x = spans[y].left; x < spans[y].right; x++) {
            row[x] = forest[row[x]];
        }
    }
    return count;
}

/// The planes from which components are measured.
typedef struct {
    const uint8_t *pixels, *expected, *age, *gradient_now, *gradient_then;
} planes;

/// What is added up over a run of pixels; small enough for registers, and for any row of a plane.
typedef struct {
    uint32_t age, contrast, now, then, now_now, then_then, now_then;
    uint32_t gradient_now, gradient_then, gradient_now_now, gradient_then_then, gradient_now_then;
    uint32_t border, edge_now, edge_then, edge_change, core;
} sums;

CV_INLINE uint32_t distance_u32(uint32_t a, uint32_t b) { return a > b ? a - b : b - a; }

/// Adds a pixel's place in its component: on its border, or in its core.
CV_INLINE void add_place(sums *s, const uint16_t *label, size_t width, uint32_t now, uint32_t then) {
    const uint16_t *above = label - width, *below = label + width;
    if (!above[0] || !below[0] || !label[-1] || !label[1]) {
        s->border++;
        s->edge_now += now;
        s->edge_then += then;
        s->edge_change += distance_u32(now, then);
    } else if (above[-1] && above[1] && below[-1] && below[1]) {
        s->core++;
    }
}

CV_INLINE void add_pixel(sums *s, const planes *p, size_t i) {
    uint32_t now = p->pixels[i], then = p->expected[i];
    s->age += p->age[i];
    s->contrast += distance_u32(now, then);
    s->now += now;
    s->then += then;
    s->now_now += now * now;
    s->then_then += then * then;
    s->now_then += now * then;
    now = p->gradient_now[i];
    then = p->gradient_then[i];
    s->gradient_now += now;
    s->gradient_then += then;
    s->gradient_now_now += now * now;
    s->gradient_then_then += then * then;
    s->gradient_now_then += now * then;
}

static void add_sums(cv_component *c, const sums *s) {
    c->age += s->age;
    c->contrast += s->contrast;
    c->now += s->now;
    c->then += s->then;
    c->now_now += s->now_now;
    c->then_then += s->then_then;
    c->now_then += s->now_then;
    c->gradient_now += s->gradient_now;
    c->gradient_then += s->gradient_then;
    c->gradient_now_now += s->gradient_now_now;
    c->gradient_then_then += s->gradient_then_then;
    c->gradient_now_then += s->gradient_now_then;
    c->border += s->border;
    c->edge_now += s->edge_now;
    c->edge_then += s->edge_then;
    c->edge_change += s->edge_change;
    c->core += s->core;
}

/// Adds what the pixels from..<to look like, all of one component and none at the border of the picture.
CV_WIDE static void measure_run(const uint16_t *labels, size_t width, const planes *p, size_t from, size_t to,
                                cv_component *component) {
    sums s = {0};
    for (size_t i = from; i < to; i++) {
        add_pixel(&s, p, i);
    }
    for (size_t i = from; i < to; i++) {
        add_place(&s, labels + i, width, p->gradient_now[i], p->gradient_then[i]);
    }
    add_sums(component, &s);
}

/// Adds where the pixels left..<right of a row are.
static void outline_run(const uint8_t *mask, size_t left, size_t right, size_t row, cv_component *c) {
    c->area += (uint32_t)(right - left);
    for (size_t x = left; x < right; x++) {
        c->strong += mask[x] > 1;
    }
    c->left = left < c->left ? (uint32_t)left : c->left;
    c->right = right - 1 > c->right ? (uint32_t)right - 1 : c->right;
    c->top = row < c->top ? (uint32_t)row : c->top;
    c->bottom = (uint32_t)row;
}

void cv_measure(const uint16_t *labels, size_t width, size_t height, const cv_span *spans, const uint8_t *mask,
                const uint8_t *pixels, const uint8_t *expected, const uint8_t *age, const uint8_t *gradient_now,
                const uint8_t *gradient_then, cv_component *components, size_t count) {
    const planes all = {pixels, expected, age, gradient_now, gradient_then};
    for (size_t k = 0; k < count; k++) {
        components[k] = (cv_component){.left = UINT32_MAX, .top = UINT32_MAX};
    }
    for (size_t y = 0; y < height; y++) {
        const uint16_t *row = labels + y * width;
        size_t end;
        for (size_t x = spans[y].left; x < spans[y].right; x = end) {
            const uint16_t label = row[x];
            end = x + 1;
            while (end < spans[y].right && row[end] == label) {
                end++;
            }
            if (!label) {
                continue;
            }
            cv_component *component = components + label - 1;
            outline_run(mask + y * width, x, end, y, component);
            size_t from = x > 0 ? x : 1, to = end < width ? end : width - 1;
            if (y > 0 && y + 1 < height && from < to) {
                measure_run(labels, width, &all, y * width + from, y * width + to, component);
            }
        }
    }
}

void cv_select(const uint16_t *labels, const uint8_t *table, size_t width, size_t height, const cv_span *spans,
               uint8_t *dst) {
    for (size_t y = 0; y < height; y++) {
        for (size_t i = y * width + spans[y].left; i < y * width + spans[y].right; i++) {
            dst[i] = table[labels[i]];
        }
    }
}

void cv_count_labels(const uint16_t *row, size_t left, size_t right, uint32_t *counts) {
    for (size_t x = left; x < right; x++) {
        counts[row[x]]++;
    }
}
