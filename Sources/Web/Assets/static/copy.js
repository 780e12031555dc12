// Buttons that copy a text of the page: that which they name, or what stands folded beside them.

async function copy(button) {
  const text = document.getElementById(button.dataset.copies) ?? button.parentElement.querySelector('pre');
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    // Without TLS a page has no clipboard: the old way copies what is selected.
    getSelection().selectAllChildren(text);
    if (!document.execCommand('copy')) return;
  }
  button.textContent = button.dataset.copied;
}

/** Takes over all such buttons of the page, also those that come later. */
export function listenCopies() {
  document.addEventListener('click', ({ target }) => { if (target.matches?.('button[data-copied]')) copy(target); });
}
