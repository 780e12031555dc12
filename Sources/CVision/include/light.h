#ifndef GRIDWATCH_LIGHT_H
#define GRIDWATCH_LIGHT_H

#include <stddef.h>
#include <stdint.h>

/// How the brightness of a known picture became that of a new one: new = old * gain / 256 + offset, clipped.
typedef struct {
    int32_t gain;    // 256 = unchanged
    int32_t offset;  // grey levels
    int32_t fit;     // share of the sampled pixels that it explains, 0…1000
    int32_t still;   // share that "nothing changed" explains, 0…1000
} cv_light;

/// Finds the change of light that explains most pixels; "nothing changed" unless another explains clearly more.
///
/// Each third of the first 196,605 pixels is looked at; planes have about 14,400.
cv_light cv_fit_light(const uint8_t *known, const uint8_t *now, size_t count);

/// Fills the table old → new of a change of light.
void cv_light_table(cv_light light, uint8_t table[256]);

/// Writes what each pixel of a plane becomes under a change of light, as the table says. The gain is 0 to 1,023, the
/// offset of -255 to 255.
void cv_relight(const uint8_t *src, cv_light light, size_t count, uint8_t *dst);

#endif
