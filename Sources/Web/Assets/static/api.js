// One way to talk to the server.

/** What the server said no with, in the language of the page: what exactly, or else the kind of refusal. */
export class Problem extends Error {
  constructor(title, detail, status, retryAfter = 0) {
    super(detail || title);
    this.status = status;
    /** Seconds after which the server asks to be tried again; 0 when it does not. */
    this.retryAfter = retryAfter;
  }
}

/** Sends a request; gives the JSON answer, or null for none; throws a Problem. */
export async function call(method, path, body, type = 'application/json') {
  const options = { method, headers: { Accept: 'application/json' }, cache: 'no-store' };
  if (body !== undefined) {
    options.headers['Content-Type'] = type;
    options.body = type === 'application/json' ? JSON.stringify(body) : body;
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(document.body.dataset.noNetwork, '', 0);
  }
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { /* no JSON: the status says it */ }
  if (response.ok) return answer;
  if (response.status === 401 && location.pathname !== '/login') {
    location.assign('/login?back=' + encodeURIComponent(location.pathname + location.search));
  }
  throw new Problem(answer?.title ?? String(response.status), answer?.detail ?? '', response.status,
    Number(response.headers.get('Retry-After')) || 0);
}
