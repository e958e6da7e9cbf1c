class MessageBatcher {
constructor(ws, flushInterval = 100) {
this.ws = ws;
this.queue = [];
this.flushInterval = flushInterval;
this.timer = null;
}
enqueue(message) {
this.queue.push(message);
if (!this.timer) {
this.timer = setTimeout(() => {
this.flush();
}, this.flushInterval);
}
}
flush() {
if (this.queue.length === 0) {
return;
}
const batch = {
type: 'BATCH',
messages: this.queue
};
this.ws.send(JSON.stringify(batch));
this.queue = [];
this.timer = null;
}
}
