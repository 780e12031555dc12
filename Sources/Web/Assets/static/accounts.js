// Accounts: finds posts while typing, and shows a one-time password once.
import { call } from './api.js';

const dialog = document.getElementById('issued');
const find = document.getElementById('post-find');
const list = document.getElementById('post');

document.addEventListener('sent', (event) => {
  if (!event.detail?.password) return;
  document.getElementById('issued-login').textContent = event.detail.account.login;
  document.getElementById('issued-password').textContent = event.detail.password;
  dialog.showModal();
});
dialog.addEventListener('close', () => location.reload());

let timer = 0;
async function search() {
  const posts = await call('GET', '/api/v1/posts?q=' + encodeURIComponent(find.value));
  const first = list.options[0];
  list.replaceChildren(first, ...posts.items.map((post) => {
    const option = document.createElement('option');
    option.value = post.id;
    option.textContent = post.grid_path ? `${post.title} · ${post.grid_path}` : post.title;
    return option;
  }));
  if (find.value && posts.items.length) list.selectedIndex = 1;
}
find.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(search, 300);
});
search();
