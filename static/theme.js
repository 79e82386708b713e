// Runs before the first paint, so that a dark page never flashes white; then serves the switch in the account menu.
(() => {
  'use strict';
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  // Storage throws where the browser forbids it: then the system's choice holds before sign-in.
  const stored = () => { try { return localStorage.getItem('theme') || 'system'; } catch { return 'system'; } };
  const store = (choice) => { try { localStorage.setItem('theme', choice); } catch { /* not kept, see stored */ } };

  // Where somebody is signed in the server says what they chose; this browser remembers it for its sign-in page.
  if (root.dataset.theme && root.dataset.theme !== stored()) store(root.dataset.theme);

  // When the browser's own bars have the colour of a theme; views/layout.themeMedia says the same for the first byte.
  const barMedia = (choice, theme) => (choice === 'system' ? `(prefers-color-scheme: ${theme})` : choice === theme ? 'all' : 'not all');

  function apply() {
    const choice = root.dataset.theme || stored();
    root.classList.toggle('dark', choice === 'dark' || (choice === 'system' && system.matches));
    for (const m of document.querySelectorAll('meta[data-theme-of]')) m.media = barMedia(choice, m.dataset.themeOf);
    for (const b of document.querySelectorAll('[data-theme-set]')) b.setAttribute('aria-pressed', String(b.dataset.themeSet === choice));
  }
  function choose(choice) {
    if (root.dataset.theme) root.dataset.theme = choice;
    apply();
  }

  apply();
  system.addEventListener('change', apply);
  addEventListener('storage', (e) => { if (e.key === 'theme') choose(e.newValue || 'system'); });
  document.addEventListener('DOMContentLoaded', apply);
  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-theme-set]');
    if (!button) return;
    store(button.dataset.themeSet);
    choose(button.dataset.themeSet);
  });
})();
