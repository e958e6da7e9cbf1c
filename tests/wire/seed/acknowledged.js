class AcknowledgedWebSocket {
constructor(url) {
this.ws = new WebSocket(url);
this.pendingMessages = new Map();
this.messageId = 0;
this.setupHandlers();
}
setupHandlers() {
this.ws.onmessage = (event) => {
const msg = JSON.parse(event.data);
if (msg.type === 'ACK') {
// Remove from pending
this.pendingMessages.delete(msg.message_id);
} else if (msg.type === 'MESSAGE') {
// Send acknowledgment
this.ws.send(JSON.stringify({
type: 'ACK',
message_id: msg.id
}));
this.handleMessage(msg);
}
};
}
send(data, timeout = 5000) {
const id = ++this.messageId;
const message = {
id: id,
type: 'MESSAGE',
data: data
};
return new Promise((resolve, reject) => {
// Store for retry
this.pendingMessages.set(id, {
message: message,
resolve: resolve,
reject: reject,
timeout: setTimeout(() => {
this.pendingMessages.delete(id);
reject(new Error('Message timeout'));
}, timeout)
});
this.ws.send(JSON.stringify(message));
});
}
}
