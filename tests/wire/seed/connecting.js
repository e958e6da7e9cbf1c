// JavaScript client
const ws = new WebSocket('wss://geode.example.com:8443/ws');
ws.onopen = () => {
console.log('Connected to Geode');
// Authenticate
ws.send(JSON.stringify({
type: 'AUTH',
token: 'your-jwt-token'
}));
};
ws.onmessage = (event) => {
const message = JSON.parse(event.data);
console.log('Received:', message);
};
ws.onerror = (error) => {
console.error('WebSocket error:', error);
};
ws.onclose = () => {
console.log('Disconnected from Geode');
};
