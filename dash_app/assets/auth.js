// A session that ended: the next request is answered 401, and the person is led to sign in again.
(() => {
  const ask = window.fetch;
  window.fetch = async (...given) => {
    const response = await ask(...given);
    if (response.status === 401 && new URL(response.url, location.href).origin === location.origin) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return response;
  };
})();
