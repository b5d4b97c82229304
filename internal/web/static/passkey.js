// Asks the browser for a passkey, or for a new one, and sends its answer with the form. A form with data-passkey says which ("get" or "create"),
// and holds the options of the ceremony; what is sent is the field that data-answer names. Without scripts such forms stay hidden, and passwords work.

const decode = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const encode = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const credentials = list => (list ?? []).map(c => ({...c, id: decode(c.id)}));

const options = asked => ({
  ...asked,
  challenge: decode(asked.challenge),
  ...(asked.user && {user: {...asked.user, id: decode(asked.user.id)}}),
  ...(asked.allowCredentials && {allowCredentials: credentials(asked.allowCredentials)}),
  ...(asked.excludeCredentials && {excludeCredentials: credentials(asked.excludeCredentials)}),
});

const answer = made => {
  const response = {clientDataJSON: encode(made.response.clientDataJSON)};
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = encode(made.response[part]);
  }
  if (made.response.getTransports) response.transports = made.response.getTransports();
  return JSON.stringify({
    id: made.id, rawId: encode(made.rawId), type: made.type, response,
    authenticatorAttachment: made.authenticatorAttachment ?? undefined, clientExtensionResults: made.getClientExtensionResults(),
  });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  const failed = form.querySelector("[data-failed]");
  form.addEventListener("submit", async event => {
    const field = form.elements[form.dataset.answer];
    if (field.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const publicKey = options(JSON.parse(form.dataset.options).publicKey);
      field.value = answer(await navigator.credentials[form.dataset.passkey]({publicKey}));
    } catch {
      failed.hidden = false;
      setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = false; });
      return;
    }
    form.submit();
  });
}
