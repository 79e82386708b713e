// Runs before the first paint, so that a dark page never flashes white; then serves the switch in the account menu.
(() => {
  'use strict';
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  // Storage throws where the browser forbids it: then the system's choice holds.
  const stored = () => { try { return localStorage.getItem('theme') || 'system'; } catch { return 'system'; } };

  function apply() {
    const choice = stored();
    root.classList.toggle('dark', choice === 'dark' || (choice === 'system' && system.matches));
    for (const b of document.querySelectorAll('[data-theme-set]')) b.setAttribute('aria-pressed', String(b.dataset.themeSet === choice));
  }

  apply();
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  document.addEventListener('DOMContentLoaded', apply);
  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-theme-set]');
    if (!button) return;
    try { localStorage.setItem('theme', button.dataset.themeSet); } catch { /* not kept, see stored */ }
    apply();
  });
})();
