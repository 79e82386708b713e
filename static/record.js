// Facts that are edited in place: where the focus goes, and Escape. Opening, saving and cancelling are links and forms of htmx.
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  let last = '';

  document.addEventListener('click', (e) => {
    const fact = e.target.closest('.fact-edit, [data-editing] button, [data-cancel]')?.closest('[data-fact]');
    if (fact) last = fact.id;
  });
  // What was opened takes the focus; what was saved or left gives it back to where it began.
  document.addEventListener('htmx:after:swap', () => {
    const fact = last && document.getElementById(last);
    if (!fact || $('dialog[open]') || (document.activeElement !== document.body && document.activeElement.isConnected)) return;
    const field = $('[data-focus], [aria-invalid=true], [autofocus]', fact);
    (field || $('.fact-edit', fact))?.focus();
    if (field?.matches('input[type=text], input[type=email], input[type=tel]')) field.select();
  });
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape' || e.isComposing) return;
    const cancel = e.target.closest('[data-editing]')?.querySelector('[data-cancel]');
    if (!cancel) return;
    e.preventDefault();
    last = cancel.closest('[data-fact]').id;
    cancel.click();
  });
})();
