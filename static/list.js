// The search of a list, and selecting its rows to act on them together. A list form has [data-row] checkboxes, one [data-all], and a
// [data-bulkbar] with [data-bulk-count], [data-clear] and, where the list goes on behind this page, [data-bulk-all].
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  let last = null;

  // A search was answered while it was typed. Leaving the field must not ask once more: the answer would replace the very
  // link that the press which left the field was meant for.
  document.addEventListener('change', (e) => {
    if (e.target.matches('[data-search]')) e.stopPropagation();
  }, true);

  function show() {
    for (const bar of all('[data-bulkbar]')) {
      const form = bar.closest('form'), rows = all('[data-row]', form), chosen = rows.filter((r) => r.checked).length;
      const head = form.querySelector('[data-all]'), rest = form.querySelector('[data-bulk-all]'), whole = chosen > 0 && chosen === rows.length;
      if (rest && !whole) rest.checked = false; // taking one row out takes the rest out, too
      bar.toggleAttribute('data-active', chosen > 0);
      bar.toggleAttribute('data-whole', whole);
      bar.querySelector('[data-bulk-count]').textContent = rest?.checked ? rest.dataset.bulkAll : chosen;
      if (!head) continue;
      head.checked = whole;
      head.indeterminate = chosen > 0 && !whole;
    }
  }

  // choose ticks a row, or with range every row from the one that was ticked last.
  function choose(row, range) {
    if (range && last?.isConnected) {
      const rows = all('[data-row]', row.form), [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
      rows.slice(from, to + 1).forEach((r) => (r.checked = row.checked));
    }
    last = row;
    show();
  }

  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-clear]')) {
      all('[data-row]:checked').forEach((r) => (r.checked = false));
      return show();
    }
    const row = e.target.closest('[data-row]');
    if (row) choose(row, e.shiftKey);
  });
  // Keys (static/keys.js) select and clear as a pointer does.
  document.addEventListener('selectrow', (e) => {
    e.target.checked = e.detail.range || !e.target.checked;
    choose(e.target, e.detail.range);
  });
  document.addEventListener('clearrows', (e) => {
    all('[data-row]:checked', e.target).forEach((r) => (r.checked = false));
    show();
  });
  document.addEventListener('change', (e) => {
    if (e.target.matches('[data-bulk-all]')) return show();
    if (!e.target.matches('[data-all]')) return;
    all('[data-row]', e.target.form).forEach((r) => (r.checked = e.target.checked));
    show();
  });
  // Enter in a field of the bar presses the button that belongs to it; on a box it does nothing.
  document.addEventListener('keydown', (e) => {
    const field = e.key === 'Enter' && e.target.closest('[data-enter]');
    if (!field) return;
    e.preventDefault();
    document.querySelector(field.dataset.enter).click();
  });
  document.addEventListener('htmx:after:swap', show);
  // Back may bring ticked boxes along.
  addEventListener('pageshow', show);
})();
