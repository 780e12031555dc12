#include "components.h"

#include <string.h>

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

/// Columns from `x` on that are 0, in steps of eight.
static size_t empty_columns(const uint8_t *row, size_t x, size_t width) {
    uint64_t eight = 0;
    size_t from = x;
    while (x + sizeof eight <= width) {
        memcpy(&eight, row + x, sizeof eight);
        if (eight) {
            break;
        }
        x += sizeof eight;
    }
    return x - from;
}

size_t cv_components_limit(size_t width, size_t height) { return ((width + 1) / 2) * ((height + 1) / 2); }

/// The label of a foreground pixel by its neighbours above and to the left; 0 when it has none.
static uint16_t label_near(const uint16_t *label, size_t x, size_t y, size_t width, uint16_t *forest) {
    uint16_t found = x > 0 ? label[-1] : 0;
    if (y == 0) {
        return found;
    }
    const uint16_t *above = label - width;
    for (ptrdiff_t dx = x > 0 ? -1 : 0; dx <= (x + 1 < width ? 1 : 0); dx++) {
        if (above[dx]) {
            found = found ? join(forest, found, above[dx]) : above[dx];
        }
    }
    return found;
}

static uint16_t give_labels(const uint8_t *mask, size_t width, size_t height, uint16_t *labels, uint16_t *forest) {
    uint16_t next = 1;
    memset(labels, 0, width * height * sizeof *labels);
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = mask + y * width;
        uint16_t *out = labels + y * width;
        for (size_t x = empty_columns(row, 0, width); x < width; x++) {
            if (!row[x]) {
                size_t empty = empty_columns(row, x, width);
                x += empty ? empty - 1 : 0;
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

size_t cv_label(const uint8_t *mask, size_t width, size_t height, uint16_t *labels, uint16_t *forest) {
    uint16_t next = give_labels(mask, width, height, labels, forest);
    uint16_t count = number_roots(forest, next);
    for (size_t i = 0; i < width * height; i++) {
        if (labels[i]) {
            labels[i] = forest[labels[i]];
        }
    }
    return count;
}

void cv_outline(const uint8_t *mask, size_t width, size_t height, const uint16_t *labels, cv_component *components,
                size_t count) {
    for (size_t k = 0; k < count; k++) {
        components[k] = (cv_component){.left = UINT32_MAX, .top = UINT32_MAX};
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            size_t i = y * width + x;
            if (!labels[i]) {
                continue;
            }
            cv_component *c = components + labels[i] - 1;
            c->area++;
            c->strong += mask[i] > 1;
            c->left = x < c->left ? (uint32_t)x : c->left;
            c->right = x > c->right ? (uint32_t)x : c->right;
            c->top = y < c->top ? (uint32_t)y : c->top;
            c->bottom = (uint32_t)y;
        }
    }
}

static void measure_border(cv_component *c, int32_t now, int32_t then) {
    c->border++;
    c->edge_now += (uint32_t)now;
    c->edge_then += (uint32_t)then;
    c->edge_change += (uint32_t)(now > then ? now - then : then - now);
}

void cv_measure(const uint16_t *labels, size_t width, size_t height, const uint8_t *pixels, const uint8_t *expected,
                const uint8_t *age, const uint8_t *gradient_now, const uint8_t *gradient_then,
                cv_component *components) {
    for (size_t y = 1; y + 1 < height; y++) {
        for (size_t x = 1; x + 1 < width; x++) {
            size_t i = y * width + x;
            uint16_t label = labels[i];
            if (!label) {
                continue;
            }
            cv_component *c = components + label - 1;
            const uint16_t *a = labels + i - width;
            const uint16_t *b = labels + i + width;
            uint32_t now = pixels[i];
            uint32_t then = expected[i];
            c->age += age[i];
            c->contrast += now > then ? now - then : then - now;
            c->now += now;
            c->then += then;
            c->now_now += now * now;
            c->then_then += then * then;
            c->now_then += now * then;
            uint64_t gn = gradient_now[i], gt = gradient_then[i];
            c->gradient_now += gn;
            c->gradient_then += gt;
            c->gradient_now_now += gn * gn;
            c->gradient_then_then += gt * gt;
            c->gradient_now_then += gn * gt;
            if (!a[0] || !b[0] || !labels[i - 1] || !labels[i + 1]) {
                measure_border(c, gradient_now[i], gradient_then[i]);
            } else if (a[-1] && a[1] && b[-1] && b[1]) {
                c->core++;
            }
        }
    }
}

void cv_select(const uint16_t *labels, const uint8_t *table, size_t count, uint8_t *dst) {
    for (size_t i = 0; i < count; i++) {
        dst[i] = table[labels[i]];
    }
}

void cv_count_labels(const uint16_t *row, size_t left, size_t right, uint32_t *counts) {
    for (size_t x = left; x < right; x++) {
        counts[row[x]]++;
    }
}
