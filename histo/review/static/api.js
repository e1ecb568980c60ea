// Requests to this server, and what their failures say.

export class Problem extends Error {
  constructor(status, told) {
    super(told.problem ?? "The server does not answer.");
    this.status = status;
    this.sealed = told.sealed === true;
  }
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Problem(0, { problem: "The server does not answer. What you did last may not be saved." });
  }
  if (response.ok) return response.json();
  throw new Problem(response.status, await response.json().catch(() => ({})));
}

export const get = (path) => answer(fetch(path, { credentials: "same-origin" }));

export const post = (path, body) =>
  answer(fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
