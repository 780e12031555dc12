#ifndef GRIDWATCH_SHAKE_H
#define GRIDWATCH_SHAKE_H

#include <stddef.h>
#include <stdint.h>

// How far a picture has moved as a whole. All planes are `width` times `height` bytes, row by row.

/// A movement in pixels: what was at (x, y) is at (x + right, y + down).
typedef struct {
    int32_t right;
    int32_t down;
} cv_shift;

/// Finds the movement of at most `reach` pixels (less than a quarter of each side) each way that explains most of the
/// difference between two pictures of a scene; none unless one explains two fifths of it, and does so nearly everywhere.
cv_shift cv_find_shift(const uint8_t *known, const uint8_t *now, size_t width, size_t height, size_t reach);

/// Moves a picture by `shift`; what comes in at the border is taken from `fill`, which may be `src`.
void cv_move(const uint8_t *src, size_t width, size_t height, cv_shift shift, const uint8_t *fill, uint8_t *dst);

/// How many values are not 0.
size_t cv_count(const uint8_t *values, size_t count);

#endif
