class LiveDashboard {
constructor(wsUrl) {
this.ws = new WebSocket(wsUrl);
this.setupHandlers();
}
setupHandlers() {
this.ws.onopen = () => {
// Subscribe to metrics
this.subscribe('system-metrics',
'SELECT * FROM metrics EMIT CHANGES'
);
};
this.ws.onmessage = (event) => {
const msg = JSON.parse(event.data);
if (msg.type === 'UPDATE') {
this.updateMetric(msg.data);
}
};
}
subscribe(id, query) {
this.ws.send(JSON.stringify({
type: 'SUBSCRIBE',
id: id,
query: query
}));
}
updateMetric(data) {
// Update dashboard UI
document.getElementById('cpu-usage').textContent = data.cpu + '%';
document.getElementById('memory-usage').textContent = data.memory + '%';
}
}
const dashboard = new LiveDashboard('wss://geode.local:8443/ws');
