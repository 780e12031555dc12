// Scores what is in force and what is tried on all labelled clips.
import { call } from './api.js';

const at = (id) => document.getElementById(id);

/** Takes over the button and the table; `openClip` is called with a clip on which both differ. */
export function startEvaluation({ words, attempt, sampling, live, draft, openClip }) {
  function figures(one) {
    return `${one.events - one.missed}/${one.events} · ${words('tw_false')} ${one.false_alerts}`;
  }

  function show(run) {
    at('progress').hidden = !run.is_running;
    at('progress').value = run.total_seconds ? run.seconds / run.total_seconds : 1;
    at('progress-says').textContent = `${run.done} / ${run.clips}`;
    const table = document.createElement('table');
    table.className = 'list';
    const add = (cells, id) => {
      const line = table.insertRow();
      for (const cell of cells) line.insertCell().textContent = cell;
      if (!id) return;
      line.className = 'pick-row';
      line.addEventListener('click', () => openClip(id));
    };
    add(['', words('tw_live'), words('tw_draft')]);
    add([words('tw_all_clips'), figures(run.live), figures(run.draft)]);
    for (const one of run.differences) add([one.name, figures(one.live), figures(one.draft)], one.id);
    const problems = document.createElement('p');
    problems.className = 'problem small';
    problems.textContent = run.problems.join('; ');
    at('evaluation').replaceChildren(table, problems);
  }

  at('evaluate').addEventListener('click', () => attempt(async () => {
    at('evaluate').disabled = true;
    try {
      await call('POST', '/api/v1/tuner/evaluation', { sampling: sampling(), live: live(), draft: draft() });
      for (;;) {
        const run = await call('GET', '/api/v1/tuner/evaluation');
        show(run);
        if (!run.is_running) break;
        await new Promise((done) => setTimeout(done, 1000));
      }
    } finally {
      at('evaluate').disabled = false;
    }
  }));
}
