#include "shake.h"

#include <string.h>

#include "wide.h"

// A picture that moved as a whole differs less everywhere once it is moved back; what moves in it explains a few parts.
enum { PARTS = 4, LEAST_PARTS = 6, LEAST_LEVEL = 2 };

/// Sums of the columns and of the rows of a picture, without a border of `reach` pixels across the sum: what enters and
/// leaves there by a movement would count as a difference.
CV_WIDE static void profiles(const uint8_t *src, size_t width, size_t height, size_t reach, uint32_t *columns,
                             uint32_t *rows) {
    memset(columns, 0, width * sizeof *columns);
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = src + y * width;
        uint32_t sum = 0;
        for (size_t x = reach; x < width - reach; x++) {
            sum += row[x];
        }
        rows[y] = sum;
        if (y < reach || y >= height - reach) {
            continue;
        }
        for (size_t x = 0; x < width; x++) {
            columns[x] += row[x];
        }
    }
}

/// The movement by which two profiles differ least.
static int32_t best_offset(const uint32_t *known, const uint32_t *now, size_t count, size_t reach) {
    int32_t best = 0;
    uint64_t least = UINT64_MAX;
    for (int32_t offset = -(int32_t)reach; offset <= (int32_t)reach; offset++) {
        uint64_t sum = 0;
        for (size_t i = reach; i < count - reach; i++) {
            uint32_t then = known[i], there = now[(size_t)((ptrdiff_t)i + offset)];
            sum += then > there ? then - there : there - then;
        }
        if (sum < least) {
            least = sum;
            best = offset;
        }
    }
    return best;
}

/// Sums of the differences between a picture and one that moved, for each part of it, without the border.
static void differences(const uint8_t *known, const uint8_t *now, size_t width, size_t height, size_t reach,
                        cv_shift shift, uint32_t sums[PARTS * PARTS]) {
    const size_t across = (width - 2 * reach) / PARTS, down = (height - 2 * reach) / PARTS;
    for (size_t part = 0; part < PARTS * PARTS; part++) {
        const size_t left = reach + part % PARTS * across, top = reach + part / PARTS * down;
        uint32_t sum = 0;
        for (size_t y = top; y < top + down; y++) {
            const uint8_t *then = known + y * width + left;
            const uint8_t *there = now + (size_t)((ptrdiff_t)y + shift.down) * width + left + shift.right;
            for (size_t x = 0; x < across; x++) {
                sum += (uint32_t)(then[x] > there[x] ? then[x] - there[x] : there[x] - then[x]);
            }
        }
        sums[part] = sum;
    }
}

/// Whether a movement explains the difference nearly everywhere, and two fifths of it in all.
static int explains(const uint32_t still[PARTS * PARTS], const uint32_t moved[PARTS * PARTS], uint32_t part_pixels) {
    uint64_t before = 0, after = 0;
    int better = 0, worse = 0;
    for (size_t part = 0; part < PARTS * PARTS; part++) {
        before += still[part];
        after += moved[part];
        if (still[part] >= LEAST_LEVEL * part_pixels && moved[part] * 4 <= still[part] * 3) {
            better++;
        } else if (moved[part] > still[part] + part_pixels) {
            worse++;
        }
    }
    return after * 5 <= before * 3 && better >= LEAST_PARTS && worse * 4 <= better;
}

cv_shift cv_find_shift(const uint8_t *known, const uint8_t *now, size_t width, size_t height, size_t reach) {
    const cv_shift none = {0, 0};
    if (reach == 0 || width <= 4 * reach || height <= 4 * reach) {
        return none;
    }
    uint32_t known_columns[width], known_rows[height], now_columns[width], now_rows[height];
    profiles(known, width, height, reach, known_columns, known_rows);
    profiles(now, width, height, reach, now_columns, now_rows);
    cv_shift shift = {best_offset(known_columns, now_columns, width, reach),
                      best_offset(known_rows, now_rows, height, reach)};
    if (shift.right == 0 && shift.down == 0) {
        return none;
    }
    uint32_t still[PARTS * PARTS], moved[PARTS * PARTS];
    differences(known, now, width, height, reach, none, still);
    differences(known, now, width, height, reach, shift, moved);
    const size_t pixels = (width - 2 * reach) / PARTS * ((height - 2 * reach) / PARTS);
    return explains(still, moved, (uint32_t)pixels) ? shift : none;
}

void cv_move(const uint8_t *src, size_t width, size_t height, cv_shift shift, const uint8_t *fill, uint8_t *dst) {
    memcpy(dst, fill, width * height);
    const size_t across = (size_t)(shift.right < 0 ? -shift.right : shift.right);
    const size_t from = shift.right < 0 ? across : 0, to = shift.right < 0 ? 0 : across;
    for (size_t y = 0; y < height; y++) {
        ptrdiff_t row = (ptrdiff_t)y - shift.down;
        if (row >= 0 && row < (ptrdiff_t)height && across < width) {
            memcpy(dst + y * width + to, src + (size_t)row * width + from, width - across);
        }
    }
}

CV_WIDE size_t cv_count(const uint8_t *values, size_t count) {
    // Counted in bytes, for as long as these cannot overflow.
    enum { LANES = 64, ROUNDS = 255 };
    size_t found = 0, from = 0;
    while (from + LANES <= count) {
        uint8_t lanes[LANES] = {0};
        for (int round = 0; round < ROUNDS && from + LANES <= count; round++, from += LANES) {
            for (size_t i = 0; i < LANES; i++) {
                lanes[i] = (uint8_t)(lanes[i] + (values[from + i] != 0));
            }
        }
        for (size_t i = 0; i < LANES; i++) {
            found += lanes[i];
        }
    }
    for (; from < count; from++) {
        found += values[from] != 0;
    }
    return found;
}
