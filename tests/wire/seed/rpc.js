class WebSocketRPC {
constructor(url) {
this.ws = new WebSocket(url);
this.pending = new Map();
this.requestId = 0;
this.ws.onmessage = (event) => {
const response = JSON.parse(event.data);
const pending = this.pending.get(response.id);
if (pending) {
if (response.error) {
pending.reject(new Error(response.error));
} else {
pending.resolve(response.result);
}
this.pending.delete(response.id);
}
};
}
async call(method, params) {
return new Promise((resolve, reject) => {
const id = ++this.requestId;
this.pending.set(id, { resolve, reject });
this.ws.send(JSON.stringify({
jsonrpc: '2.0',
id: id,
method: method,
params: params
}));
// Timeout after 30 seconds
setTimeout(() => {
if (this.pending.has(id)) {
this.pending.delete(id);
reject(new Error('Request timeout'));
}
}, 30000);
});
}
}
