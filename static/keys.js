// Keyboard shortcuts. Which keys do what stands in the help dialog (views/layout/keys.go) and is read from there; here is
// how each thing is done. Single keys rest in fields and dialogs, and where the user has switched them off.
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const help = $('#keys');
  if (!help) return;

  const rows = () => [...document.querySelectorAll('.data-table tbody tr')];
  const current = () => $('.data-table tr.cursor');
  function step(by) {
    const list = rows(), at = list.indexOf(current());
    if (!list.length) return;
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    current()?.classList.remove('cursor');
    next.classList.add('cursor');
    next.scrollIntoView({ block: 'nearest' });
    $('a[href]', next)?.focus({ preventScroll: true });
  }

  // What selecting means is known to static/list.js.
  const chosen = () => $('[data-row]:checked', current());
  function select(range) {
    const box = current() && $('[data-row]', current());
    box?.dispatchEvent(new CustomEvent('selectrow', { bubbles: true, detail: { range } }));
    return !!box;
  }

  // The bare link would leave the page instead of opening its dialog.
  function press(button) {
    if (button) whenReady(() => button.click());
    return !!button;
  }
  const follow = (link) => { link?.click(); return !!link; };
  // What is typed while a dialog is on its way is meant for the dialog.
  const coming = () => $('[hx-target="#modal"].htmx-request');

  const actions = {
    search: () => { const field = $('[data-search]'); field?.focus(); field?.select(); return !!field; },
    palette: () => { document.dispatchEvent(new CustomEvent('palette')); return true; },
    create: () => press($('[data-create]')),
    edit: () => press($('[data-edit]')),
    before: () => follow($('a[data-before]')),
    after: () => follow($('a[data-after]')),
    help: () => { help.showModal(); return true; },
    next: () => { step(1); return true; },
    previous: () => { step(-1); return true; },
    open: () => { const link = current() && $('a[href]', current()); link?.click(); return !!link; },
    select: () => select(false),
    extend: (by) => { if (!current() || chosen()) step(Number(by)); return select(true); },
    remove: () => { const button = $('[data-row]:checked') && $('[data-bulk-delete]'); button?.click(); return !!button; },
    go: (to) => { location.href = to; return true; },
    // Pressing the button sends nothing while it is disabled, that is, while the form is being sent.
    submit: (_, e) => { const button = e.target.form && $('[type=submit]', e.target.form); button?.click(); return !!button; },
    // Escape is the browser's: it closes dialogs and popovers. What is left is to let go of a selection, a field or the row.
    close: (_, e) => {
      if ($('dialog[open]') || $(':popover-open')) return false;
      const ticked = !typing(e.target) && $('[data-row]:checked');
      if (ticked) { ticked.form.dispatchEvent(new CustomEvent('clearrows', { bubbles: true })); return true; }
      e.target.blur?.();
      current()?.classList.remove('cursor');
      return false;
    },
  };

  const table = new Map([...help.querySelectorAll('[data-keys]')].flatMap((row) => row.dataset.keys.split('|').map((keys) => [keys, row.dataset])));
  const starts = new Set([...table.keys()].filter((keys) => keys.includes(' ')).map((keys) => keys.split(' ')[0]));
  let first = '', at = 0;

  const singleKeys = $('#single-keys');
  const typing = (target) => target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]');

  document.addEventListener('keydown', (e) => {
    if (e.altKey || e.isComposing) return;
    const modified = e.ctrlKey || e.metaKey;
    const single = !modified && e.key !== 'Escape';
    if (single && (!singleKeys.checked || typing(e.target) || $('dialog[open]') || coming())) return;
    // Enter on a link or a button is its own.
    if (single && e.key === 'Enter' && e.target.closest('a, button, summary')) return;

    // With Shift or Caps Lock the letter comes as a capital; a shortcut does not mean that, unless it says Shift.
    let key = modified && e.key.length === 1 ? e.key.toLowerCase() : e.key;
    if (single && e.shiftKey && /^[A-Z]$/.test(key)) key = `Shift+${key.toLowerCase()}`;
    const second = single && first && Date.now() - at < 900 ? table.get(`${first} ${key}`) : undefined;
    const entry = second || table.get((modified ? 'Control+' : '') + key);
    first = '';
    // A key that has nothing to do on this page may begin a pair: c makes what the page lists, c c a contact everywhere.
    if (entry && actions[entry.do](entry.arg, e)) e.preventDefault();
    else if (single && starts.has(key)) {
      first = key;
      at = Date.now();
    }
  });
})();
