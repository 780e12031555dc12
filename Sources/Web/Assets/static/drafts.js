// What somebody wrote and has not sent yet: kept on this device until the server has it, through a lost network, a session
// that ended, and a reload. Texts lie in localStorage, photos in IndexedDB; both under the account that wrote them.

const account = () => document.body.dataset.account ?? '';
const keyOf = (name) => `gridwatch-draft/${account()}/${name}`;
const days = 30;

/** What is kept of a draft: `{at, fields, asked}`; empty where there is none. */
function kept(name) {
  try { return JSON.parse(localStorage.getItem(keyOf(name))) ?? {}; } catch { return {}; }
}

const read = (name) => kept(name).fields ?? {};

function write(name, fields, asked = kept(name).asked) {
  try {
    if (Object.values(fields).some((value) => value !== '')) {
      localStorage.setItem(keyOf(name), JSON.stringify({ at: Date.now(), fields, asked }));
    } else {
      localStorage.removeItem(keyOf(name));
    }
  } catch { /* no room or no storage: the page itself still holds it */ }
}

/** Texts that a form keeps: what people write, not what they choose. */
const texts = (form) => [...form.elements].filter((field) => field.name && field.tagName === 'TEXTAREA');

/** What was written for a draft, by field. */
export const draftTexts = read;

/**
 * Writes down that a draft is on its way to the server, when the page knew of events up to `newest`: until there is an
 * answer, nobody can tell whether the server has it.
 */
export function askDraft(name, newest) {
  const fields = read(name);
  write(name, fields, { note: (fields.note ?? '').trim(), newest });
}

/** Writes down that the server answered no: it does not have the draft. */
export const refuseDraft = (name) => write(name, read(name), null);

/** The note that the server may have without having said so: `{note, newest}`; null when it was never sent. */
export const askedNote = (name) => kept(name).asked ?? null;

const choiceKey = (name) => `gridwatch-choice/${account()}/${name}`;

/** Whether the person ticked something the last time; no for what was never asked. */
export function isChosen(name) {
  try { return localStorage.getItem(choiceKey(name)) === '1'; } catch { return false; }
}

/** Remembers a tick on this device. */
export function choose(name, isOn) {
  try {
    if (isOn) localStorage.setItem(choiceKey(name), '1'); else localStorage.removeItem(choiceKey(name));
  } catch { /* it is asked again */ }
}

/** Puts back what was written in the forms of a part; a field that already says something is left alone. */
export function restoreDrafts(part = document) {
  for (const form of part.querySelectorAll('form[data-draft]')) {
    const fields = read(form.dataset.draft);
    for (const field of texts(form)) {
      if (!fields[field.name] || field.value) continue;
      field.value = fields[field.name];
      // Below a fold nobody would see it.
      form.closest('details')?.setAttribute('open', '');
    }
  }
}

/** Forgets a draft: the server has it, or the person does not want it any more. */
export function forgetDraft(name) {
  try { localStorage.removeItem(keyOf(name)); } catch { /* nothing was kept */ }
  return forgetPhotos(name);
}

/** Keeps what is written from now on. */
export function keepDrafts() {
  document.addEventListener('input', ({ target }) => {
    const form = target.form;
    if (form?.dataset.draft) write(form.dataset.draft, Object.fromEntries(texts(form).map((field) => [field.name, field.value])));
  });
  restoreDrafts();
  forgetOld();
  forgetPhotos('');
}

function forgetOld() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith('gridwatch-draft/')) continue;
      const at = JSON.parse(localStorage.getItem(key))?.at ?? 0;
      if (Date.now() - at > days * 86_400_000) localStorage.removeItem(key);
    }
  } catch { /* nothing to forget */ }
}

// Photos. A phone that puts the page aside may cut the connection to its database, so each use opens it anew.
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('gridwatch', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('photo', { keyPath: 'id', autoIncrement: true }).createIndex('draft', 'draft');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function photoStore(mode, body) {
  const database = await open();
  try {
    const transaction = database.transaction('photo', mode);
    const request = body(transaction.objectStore('photo'));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    return request?.result;
  } finally {
    database.close();
  }
}

/** Keeps a photo of a draft with its Exif segment; gives its key, or null where this browser keeps nothing. */
export async function keepPhoto(name, blob, exif) {
  try {
    // Bytes: not every browser can keep a file.
    const bytes = await blob.arrayBuffer();
    return await photoStore('readwrite', (store) => store.add({ draft: keyOf(name), type: blob.type, bytes, exif, at: Date.now() }));
  } catch { return null; }
}

/**
 * Photos of a draft in the order in which they were taken: `{key, blob, exif, marks}`. The marks say what became of one:
 * `isAsked` when the server may have it, `sha256` when it has, `hasOrigin` when with time and place, `isGone` when it was
 * taken away here and the server may not know it yet.
 */
export async function keptPhotos(name) {
  try {
    const kept = await photoStore('readonly', (store) => store.index('draft').getAll(keyOf(name)));
    return kept.map(({ id, type, bytes, exif, marks }) =>
      ({ key: id, blob: new Blob([bytes], { type }), exif: exif ?? null, marks: marks ?? {} }));
  } catch { return []; }
}

/** Writes down what became of a photo, beside what is known already. */
export async function markPhoto(key, marks) {
  if (key === null) return;
  try {
    await photoStore('readwrite', (store) => {
      store.get(key).onsuccess = ({ target: { result: kept } }) => {
        if (kept) store.put({ ...kept, marks: { ...kept.marks, ...marks } });
      };
    });
  } catch { /* it was never kept */ }
}

/** Forgets one photo. */
export async function forgetPhoto(key) {
  if (key === null) return;
  try { await photoStore('readwrite', (store) => { store.delete(key); }); } catch { /* it was never kept */ }
}

/** Forgets the photos of a draft, and all that are too old. */
async function forgetPhotos(name) {
  try {
    await photoStore('readwrite', (store) => {
      store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        if (cursor.value.draft === keyOf(name) || Date.now() - cursor.value.at > days * 86_400_000) cursor.delete();
        cursor.continue();
      };
    });
  } catch { /* nothing was kept */ }
}
