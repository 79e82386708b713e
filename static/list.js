// The search of a list, and selecting its rows to act on them together. A list form has [data-row] checkboxes, one [data-all], and a
// [data-bulkbar] with [data-bulk-count] and [data-clear].
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
      bar.toggleAttribute('data-active', chosen > 0);
      bar.querySelector('[data-bulk-count]').textContent = chosen;
      const head = form.querySelector('[data-all]');
      if (!head) continue;
      head.checked = chosen > 0 && chosen === rows.length;
      head.indeterminate = chosen > 0 && !head.checked;
    }
  }

  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-clear]')) {
      all('[data-row]:checked').forEach((r) => (r.checked = false));
      return show();
    }
    const row = e.target.closest('[data-row]');
    if (!row) return;
    if (e.shiftKey && last?.isConnected) {
      const rows = all('[data-row]', row.form), [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
      rows.slice(from, to + 1).forEach((r) => (r.checked = row.checked));
    }
    last = row;
    show();
  });
  document.addEventListener('change', (e) => {
    if (!e.target.matches('[data-all]')) return;
    all('[data-row]', e.target.form).forEach((r) => (r.checked = e.target.checked));
    show();
  });
  document.addEventListener('htmx:after:swap', show);
  // Back may bring ticked boxes along.
  addEventListener('pageshow', show);
})();
