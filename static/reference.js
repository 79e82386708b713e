// Starts the API reference without anything that would call another host.
Scalar.createApiReference('#reference', {
  url: document.getElementById('reference').dataset.url,
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  proxyUrl: '',
});
