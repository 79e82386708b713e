// A session that ended while its page was open. Any request that is answered 401 opens a dialog to sign in; the page and what was
// typed in it stay. Nothing is repeated: whoever pressed Save presses it again.
(() => {
  'use strict';
  const dialog = document.getElementById('again');
  if (!dialog) return;
  const body = document.getElementById('again-body'), ask = document.getElementById('again-ask');
  const say = (kind, text) => document.dispatchEvent(new CustomEvent('say', { detail: { kind, text } }));
  let closed = false;

  document.addEventListener('htmx:response:error', (e) => {
    const { response, sourceElement, sourceEvent } = e.detail.ctx;
    if (response.status !== 401 || dialog.contains(sourceElement)) return;
    // What asks by itself every few seconds need not ask the user again and again.
    if (closed && /every|poll/.test(sourceEvent?.type)) return;
    if (!dialog.open) htmx.trigger(ask, 'ask');
  });
  dialog.addEventListener('close', () => { closed = true; body.replaceChildren(); });
  // Somebody may have signed in in another tab.
  document.addEventListener('visibilitychange', () => { if (dialog.open && !document.hidden) htmx.trigger(ask, 'ask'); });

  // A sign-in that needs a second step leads to a page of its own, which has no place in here.
  document.addEventListener('htmx:before:swap', (e) => {
    const { target, response } = e.detail.ctx;
    if (target !== body || !response?.raw.redirected || response.raw.url.includes(ask.getAttribute('action'))) return;
    e.preventDefault();
    const note = Object.assign(document.createElement('p'), { className: 'sheet-body', tabIndex: -1 });
    const link = Object.assign(document.createElement('a'), { className: 'link', href: '/login', target: '_blank', rel: 'noopener', textContent: 'Go on in a new tab' });
    note.append('Your sign-in needs a second step. ', link, ', then come back here.');
    body.replaceChildren(note);
    link.focus();
  });

  document.addEventListener('htmx:after:swap', (e) => {
    if (e.detail.ctx?.target !== body) return;
    const back = body.querySelector('[data-back]');
    if (back) return resume(back.dataset);
    if (!dialog.open) dialog.showModal();
    (body.querySelector('#again-password') || body).focus();
  });

  // resume gives the page the new session's token. A page made for somebody else is not theirs to go on with.
  function resume({ back, csrf }) {
    if (back !== dialog.dataset.identity) {
      document.dispatchEvent(new CustomEvent('leaving'));
      return location.reload();
    }
    document.querySelector('meta[name=csrf-token]').content = csrf;
    for (const field of document.querySelectorAll('input[name=_csrf]')) field.value = csrf;
    if (dialog.open) dialog.close();
    closed = false;
    say('success', 'You are signed in again. Nothing was saved meanwhile: press Save once more.');
  }
})();
