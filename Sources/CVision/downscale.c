// Area averaging in two steps per target row: source rows are summed column by column (wide vectors), then the column
// sums are gathered into target pixels. Sums are exact integers; the only rounding is the last division.

#include "downscale.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("avx512bw", "avx2", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum { MAX_SIDE = 32768 };

// Largest area of a whole-number block for which the 32-bit reciprocal of `divide_small` is exact.
enum { MAX_BLOCK = 4096 };

// The same for the 64-bit reciprocal of `downscale_shares`.
enum { MAX_SHARES = 1 << 23 };

static size_t greatest_common_divisor(size_t a, size_t b) {
    while (b != 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// floor(sum / area) for sum < 256 * area and 2 <= area <= MAX_BLOCK, where `reciprocal` is ceil(2^32 / area): the
// error is below sum * area / 2^32 <= 256 * area^2 / 2^32 <= 1 share of `area`, so the floor is exact.
INLINE uint8_t divide_small(uint32_t sum, uint32_t reciprocal) {
    return (uint8_t)(((uint64_t)sum * reciprocal) >> 32);
}

// One target row of whole blocks `block_width` columns wide, from the column sums.
INLINE void gather_blocks(const uint16_t *restrict columns, uint8_t *restrict target, size_t width, size_t block_width,
                          uint32_t half, uint32_t reciprocal) {
    for (size_t x = 0; x < width; x++) {
        uint32_t sum = half;
        for (size_t i = 0; i < block_width; i++) sum += columns[x * block_width + i];
        target[x] = divide_small(sum, reciprocal);
    }
}

// Whole blocks: every source pixel counts once, in one target pixel.
CLONES static void downscale_blocks(const uint8_t *restrict source, size_t stride, uint8_t *restrict target,
                                    size_t width, size_t height, size_t block_width, size_t block_height,
                                    uint16_t *restrict columns) {
    const size_t source_width = width * block_width;
    const uint32_t area = (uint32_t)(block_width * block_height);
    const uint32_t reciprocal = (uint32_t)((((uint64_t)1 << 32) + area - 1) / area);
    const uint32_t half = area / 2;
    for (size_t y = 0; y < height; y++, target += width) {
        memset(columns, 0, source_width * sizeof(uint16_t));
        for (size_t i = 0; i < block_height; i++, source += stride) {
            for (size_t x = 0; x < source_width; x++) columns[x] = (uint16_t)(columns[x] + source[x]);
        }
        // A constant block width lets the compiler unroll and vectorise.
        switch (block_width) {
        case 1: gather_blocks(columns, target, width, 1, half, reciprocal); break;
        case 2: gather_blocks(columns, target, width, 2, half, reciprocal); break;
        case 3: gather_blocks(columns, target, width, 3, half, reciprocal); break;
        case 4: gather_blocks(columns, target, width, 4, half, reciprocal); break;
        case 6: gather_blocks(columns, target, width, 6, half, reciprocal); break;
        case 8: gather_blocks(columns, target, width, 8, half, reciprocal); break;
        case 12: gather_blocks(columns, target, width, 12, half, reciprocal); break;
        case 16: gather_blocks(columns, target, width, 16, half, reciprocal); break;
        default: gather_blocks(columns, target, width, block_width, half, reciprocal); break;
        }
    }
}

// The source cells that one target cell covers. One source cell is `unit` wide, one target cell `span` wide.
struct cover {
    uint32_t first, last;
    uint32_t first_weight, last_weight;
};

static struct cover cover_of(size_t index, size_t unit, size_t span) {
    const size_t start = index * span;
    const size_t end = start + span;
    const size_t first = start / unit, last = (end - 1) / unit;
    if (first == last) return (struct cover){(uint32_t)first, (uint32_t)last, (uint32_t)span, 0};
    return (struct cover){
        .first = (uint32_t)first,
        .last = (uint32_t)last,
        .first_weight = (uint32_t)((first + 1) * unit - start),
        .last_weight = (uint32_t)(end - last * unit),
    };
}

// The sum over one target cell, from the column sums.
INLINE uint64_t gather_cover(const uint32_t *restrict columns, struct cover cells, uint64_t unit) {
    uint64_t inner = 0;
    for (size_t i = cells.first + 1; i < cells.last; i++) inner += columns[i];
    return inner * unit + (uint64_t)cells.first_weight * columns[cells.first] +
           (uint64_t)cells.last_weight * columns[cells.last];
}

// Any ratio: cells at a border count by the share that is covered, in whole units. `cells` has room for `width` covers.
CLONES static void downscale_shares(const uint8_t *restrict source, size_t stride, size_t source_width,
                                    size_t source_height, uint8_t *restrict target, size_t width, size_t height,
                                    uint32_t *restrict columns, struct cover *restrict cells) {
    const size_t common_x = greatest_common_divisor(source_width, width);
    const size_t common_y = greatest_common_divisor(source_height, height);
    const size_t unit_x = width / common_x, span_x = source_width / common_x;
    const size_t unit_y = height / common_y, span_y = source_height / common_y;
    const uint64_t area = (uint64_t)span_x * span_y;
    // As in `divide_small`: 256 * area^2 <= 2^54, and sum * reciprocal < 2^64.
    const uint64_t reciprocal = area <= MAX_SHARES ? (((uint64_t)1 << 55) + area - 1) / area : 0;
    for (size_t x = 0; x < width; x++) cells[x] = cover_of(x, unit_x, span_x);
    for (size_t y = 0; y < height; y++, target += width) {
        const struct cover rows = cover_of(y, unit_y, span_y);
        memset(columns, 0, source_width * sizeof(uint32_t));
        for (size_t row = rows.first; row <= rows.last; row++) {
            const uint32_t weight = row == rows.first  ? rows.first_weight
                                    : row == rows.last ? rows.last_weight
                                                       : (uint32_t)unit_y;
            const uint8_t *restrict line = source + row * stride;
            for (size_t x = 0; x < source_width; x++) columns[x] += weight * line[x];
        }
        for (size_t x = 0; x < width; x++) {
            const uint64_t sum = area / 2 + gather_cover(columns, cells[x], unit_x);
            target[x] = (uint8_t)(reciprocal != 0 ? sum * reciprocal >> 55 : sum / area);
        }
    }
}

int gw_downscale(const uint8_t *source, size_t source_stride, size_t source_width, size_t source_height,
                 uint8_t *target, size_t width, size_t height) {
    if (width == 0 || height == 0 || width > source_width || height > source_height || source_width > MAX_SIDE ||
        source_height > MAX_SIDE || source_stride < source_width) {
        return -1;
    }
    if (width == source_width && height == source_height) {
        for (size_t y = 0; y < height; y++) memcpy(target + y * width, source + y * source_stride, width);
        return 0;
    }
    // One block of memory: column sums, then the covers of one row.
    uint32_t *columns = malloc(source_width * sizeof(uint32_t) + width * sizeof(struct cover));
    if (columns == NULL) return -2;
    const size_t block_width = source_width / width, block_height = source_height / height;
    const int whole = block_width * width == source_width && block_height * height == source_height;
    // The column sums of whole blocks are 16 bits wide: 257 rows of 255.
    if (whole && block_height <= 257 && block_width * block_height <= MAX_BLOCK) {
        downscale_blocks(source, source_stride, target, width, height, block_width, block_height, (uint16_t *)columns);
    } else {
        downscale_shares(source, source_stride, source_width, source_height, target, width, height, columns,
                         (struct cover *)(columns + source_width));
    }
    free(columns);
    return 0;
}

uint32_t gw_saturation(const uint8_t *u, size_t u_stride, const uint8_t *v, size_t v_stride, size_t sample_step,
                       size_t width, size_t height, size_t every) {
    if (width == 0 || height == 0 || every == 0) return 0;
    uint64_t sum = 0, samples = 0;
    for (size_t y = 0; y < height; y += every) {
        const uint8_t *u_line = u + y * u_stride, *v_line = v + y * v_stride;
        for (size_t x = 0; x < width; x += every) {
            sum += (uint64_t)abs(u_line[x * sample_step] - 128) + (uint64_t)abs(v_line[x * sample_step] - 128);
            samples++;
        }
    }
    return (uint32_t)(sum * 128 / samples);
}

uint32_t gw_tint(const uint8_t *u, size_t u_stride, const uint8_t *v, size_t v_stride, size_t sample_step, size_t width,
                 size_t height, size_t every) {
    if (width == 0 || height == 0 || every == 0) return 0;
    int64_t u_sum = 0, v_sum = 0, samples = 0;
    for (size_t y = 0; y < height; y += every) {
        const uint8_t *u_line = u + y * u_stride, *v_line = v + y * v_stride;
        for (size_t x = 0; x < width; x += every) {
            u_sum += (int64_t)u_line[x * sample_step] - 128;
            v_sum += (int64_t)v_line[x * sample_step] - 128;
            samples++;
        }
    }
    return (uint32_t)((llabs(u_sum) + llabs(v_sum)) * 128 / samples);
}
