#ifndef GRIDWATCH_COMPONENTS_H
#define GRIDWATCH_COMPONENTS_H

#include <stddef.h>
#include <stdint.h>

#include "background.h"

/// One group of touching foreground pixels (8 neighbours).
typedef struct {
    uint32_t area;    // pixels
    uint32_t strong;  // of these, marked 2 in the mask
    uint32_t left;    // first column
    uint32_t top;     // first row
    uint32_t right;   // last column
    uint32_t bottom;  // last row
    uint32_t core;    // pixels whose 8 neighbours belong to it too
    uint32_t age;     // sum of the ages
    uint32_t border;  // pixels with a neighbour (4) outside
    uint32_t edge_now;     // sum over the border of the frame's gradient
    uint32_t edge_then;    // sum over the border of the background's gradient
    uint32_t edge_change;  // sum over the border of their difference
    uint32_t contrast;     // sum of |frame - background|
    uint64_t now;          // sum of the frame
    uint64_t then;         // sum of the background
    uint64_t now_now;      // sum of the frame's squares
    uint64_t then_then;    // sum of the background's squares
    uint64_t now_then;     // sum of the products
    uint64_t gradient_now;       // sum of the frame's gradient
    uint64_t gradient_then;      // sum of the background's gradient
    uint64_t gradient_now_now;   // sums of their squares and products
    uint64_t gradient_then_then;
    uint64_t gradient_now_then;
} cv_component;

/// The greatest number of components that a picture of this size can have.
size_t cv_components_limit(size_t width, size_t height);

/// Finds the components of `mask` (0 = background): `labels` gets 0 or 1 + the component's index for each pixel.
///
/// Components are numbered in the order of their first pixel. `spans` are those of the mask, here as below. `forest` is
/// room to work in, of cv_components_limit(width, height) + 1 elements. The picture may have at most 65,534 components.
/// Returns their number.
size_t cv_label(const uint8_t *mask, size_t width, size_t height, const cv_span *spans, uint16_t *labels,
                uint16_t *forest);

/// Fills `count` components that `labels` names, from planes of `width` times `height` bytes: the mask, the frame, what
/// was expected in its place, the ages, and the gradients of both, of which only what is under labels is read.
///
/// The outermost pixels of the picture count for area, strong and box alone: they have no gradient.
void cv_measure(const uint16_t *labels, size_t width, size_t height, const cv_span *spans, const uint8_t *mask,
                const uint8_t *pixels, const uint8_t *expected, const uint8_t *age, const uint8_t *gradient_now,
                const uint8_t *gradient_then, cv_component *components, size_t count);

/// Writes table[label] for each pixel of the spans; `dst` keeps the others.
void cv_select(const uint16_t *labels, const uint8_t *table, size_t width, size_t height, const cv_span *spans,
               uint8_t *dst);

/// Adds up how many pixels of columns left..<right of a row of labels each label has.
void cv_count_labels(const uint16_t *row, size_t left, size_t right, uint32_t *counts);

#endif
