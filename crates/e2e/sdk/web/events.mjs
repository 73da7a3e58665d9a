// What a browser has and this version of node lacks: an event stream over fetch, as far as the provider uses it.
export class EventSource {
  static CLOSED = 2;
  readyState = 0;

  constructor(url) {
    this.stop = new AbortController();
    this.run(url).catch(() => this.onerror?.({}));
  }

  async run(url) {
    const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal: this.stop.signal });
    if (response.status !== 200) {
      this.readyState = EventSource.CLOSED;
      throw new Error(`status ${response.status}`);
    }
    this.readyState = 1;
    this.onopen?.({});
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        this.dispatch(text.slice(0, end).split("\n"));
      }
    }
  }

  dispatch(lines) {
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
    if (data.length > 0) this.onmessage?.({ data: data.join("\n") });
  }

  addEventListener(type, listener) {
    this[`on${type}`] = listener;
  }

  close() {
    this.readyState = EventSource.CLOSED;
    this.stop.abort();
  }
}
