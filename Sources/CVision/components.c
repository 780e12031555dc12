#include "components.h"

#include <string.h>

// While labels are given, `area` of a component holds its parent in the union-find forest.

static uint32_t root_of(cv_component *forest, uint32_t label) {
    while (forest[label].area != label) {
        forest[label].area = forest[forest[label].area].area;
        label = forest[label].area;
    }
    return label;
}

static uint32_t join(cv_component *forest, uint32_t a, uint32_t b) {
    a = root_of(forest, a);
    b = root_of(forest, b);
    if (a < b) {
        forest[b].area = a;
        return a;
    }
    forest[a].area = b;
    return b;
}

size_t cv_components_limit(size_t width, size_t height) { return ((width + 1) / 2) * ((height + 1) / 2); }

static uint32_t give_labels(const uint8_t *mask, size_t width, size_t height, uint16_t *labels, cv_component *forest) {
    uint32_t next = 1;
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            size_t i = y * width + x;
            labels[i] = 0;
            if (!mask[i]) {
                continue;
            }
            uint32_t label = x > 0 ? labels[i - 1] : 0;
            if (y > 0) {
                const uint16_t *above = labels + i - width;
                for (ptrdiff_t dx = x > 0 ? -1 : 0; dx <= (x + 1 < width ? 1 : 0); dx++) {
                    if (above[dx]) {
                        label = label ? join(forest, label, above[dx]) : above[dx];
                    }
                }
            }
            if (!label) {
                label = next++;
                forest[label].area = label;
            }
            labels[i] = (uint16_t)label;
        }
    }
    return next;
}

/// Gives each root its final number 1, 2, … in `strong`. A root is always before what hangs on it.
static uint32_t number_roots(cv_component *forest, uint32_t next) {
    uint32_t count = 0;
    for (uint32_t label = 1; label < next; label++) {
        uint32_t root = root_of(forest, label);
        forest[label].strong = root == label ? ++count : forest[root].strong;
    }
    return count;
}

static void outline(const uint8_t *mask, size_t width, size_t height, const uint16_t *labels,
                    cv_component *components) {
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

size_t cv_components(const uint8_t *mask, size_t width, size_t height, uint16_t *labels, cv_component *components) {
    uint32_t next = give_labels(mask, width, height, labels, components);
    uint32_t count = number_roots(components, next);
    for (size_t i = 0; i < width * height; i++) {
        labels[i] = labels[i] ? (uint16_t)components[labels[i]].strong : 0;
    }
    for (uint32_t k = 0; k < count; k++) {
        components[k] = (cv_component){.left = UINT32_MAX, .top = UINT32_MAX};
    }
    outline(mask, width, height, labels, components);
    return count;
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
