// What a camera wrote into a photo beside its pixels: taken along only when the person agrees to tell time and place. It is
// the server that reads them.

/** Bytes at the beginning of a file among which the segment is sought. */
const most = 262_144;

/** The Exif segment of a JPEG file, made to say that the picture is upright; null when it has none. */
export async function exifOf(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, most).arrayBuffer());
    const view = new DataView(bytes.buffer);
    if (view.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda; at += 2 + view.getUint16(at + 2)) {
      const isExif = view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966;
      if (isExif) return upright(bytes.slice(at, at + 2 + view.getUint16(at + 2)));
    }
  } catch { /* cut or bent: as good as none */ }
  return null;
}

/** The browser has turned the picture already: nobody may turn it once more. */
function upright(segment) {
  const view = new DataView(segment.buffer);
  const block = 10;
  const isLittle = view.getUint16(block) === 0x4949;
  const directory = block + view.getUint32(block + 4, isLittle);
  const count = view.getUint16(directory, isLittle);
  for (let entry = directory + 2; entry < directory + 2 + count * 12; entry += 12) {
    if (view.getUint16(entry, isLittle) === 0x0112) view.setUint16(entry + 8, 1, isLittle);
  }
  return segment;
}

/** A JPEG of pixels alone with the segment put back into it. */
export function withExif(blob, segment) {
  return new Blob([blob.slice(0, 2), segment, blob.slice(2)], { type: blob.type });
}
