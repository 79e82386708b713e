// Passkeys: adding one, and signing in with one. Forms that need one are hidden until here, so that nobody without scripts or
// support sees a button that does nothing.
(() => {
  'use strict';
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const listed = (keys) => keys?.map((key) => ({ ...key, id: bytes(key.id) }));

  // The options as JSON, with bytes where the browser wants bytes.
  function parse(o) {
    const options = { ...o, challenge: bytes(o.challenge) };
    if (o.user) options.user = { ...o.user, id: bytes(o.user.id) };
    if (o.excludeCredentials) options.excludeCredentials = listed(o.excludeCredentials);
    if (o.allowCredentials) options.allowCredentials = listed(o.allowCredentials);
    return options;
  }

  // A credential as JSON. Its parts are getters, which JSON does not see.
  function write(credential) {
    const response = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function ask(form) {
    const res = await fetch(form.dataset.passkey, {
      method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams(new FormData(form)),
    });
    const answer = await res.json();
    if (!res.ok) throw new Error(answer.error.details?.map((d) => d.message).join(' ') || answer.error.message);
    const publicKey = parse(answer.publicKey);
    return publicKey.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey });
  }

  function explain(e) {
    switch (e.name) {
      case 'Error': return e.message;
      case 'NotAllowedError': return 'Nothing was done. Try again, or choose another way.';
      case 'InvalidStateError': return 'This device has a passkey for this account already.';
      case 'SecurityError': return 'Passkeys work only at the address that PayAid was set up for.';
    }
    return 'That did not work. Check the connection and try again.';
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async (e) => {
      e.preventDefault();
      const button = form.querySelector('[type=submit]');
      const problem = form.querySelector('[data-problem]');
      problem.textContent = '';
      button.disabled = true;
      try {
        form.elements.credential.value = write(await ask(form));
        form.submit();
      } catch (error) {
        problem.textContent = explain(error);
        button.disabled = false;
      }
    });
  }
  for (const note of document.querySelectorAll('[data-without-passkey]')) note.hidden = true;
})();
